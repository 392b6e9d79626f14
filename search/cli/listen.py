"""`sedkd listen`: the events in a stream, as they end."""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from search.cli.guard import between, positive, typed_path
from search.cli.interruption import Interruption
from search.cli.thresholds import add_threshold
from sedkd.output.live import LIVE_FORMATS, beginning, line

if TYPE_CHECKING:
    from sedkd.stream.clips import Clips
    from sedkd.stream.detection import Detection
    from sedkd.stream.detector import StreamDetector
    from sedkd.stream.sources import Microphone

RATES = (1000, 1_000_000)
CLIPS_BYTES = 10**9


def add_parser(subparsers: Any) -> None:
    """Add the command to what argparse's add_subparsers() returned."""
    parser = subparsers.add_parser(
        "listen",
        help="list the events in a stream while it goes on",
        description="Detect events while the sound comes in, with an exported student that was searched for with "
        "--lookahead. Of each event that ends a line is printed: onset and offset in seconds from the start, "
        "event_label, and confidence, the mean probability over its frames. Ctrl-C ends.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    parser.add_argument("bundle", type=typed_path, metavar="BUNDLE", help="folder of an exported student")
    parser.add_argument(
        "source",
        nargs="?",
        choices=("-",),
        metavar="-",
        help="16-bit little-endian mono PCM from stdin; without it the microphone",
    )
    parser.add_argument(
        "--rate", type=between(int, *RATES), metavar="HZ", help="of the samples; without it the student's own"
    )
    parser.add_argument("--onsets", action="store_true", help="a line without offset when an event begins, too")
    parser.add_argument("--format", choices=LIVE_FORMATS, default="tsv", help="a table, or a JSON object a line")
    parser.add_argument(
        "--clips", type=typed_path, metavar="DIR", help="write the sound of each event into this folder"
    )
    parser.add_argument(
        "--clips-bytes",
        type=positive(int),
        metavar="N",
        help=f"with --clips: no more of them where so much lies there ({CLIPS_BYTES})",
    )
    add_threshold(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Listen until the stream ends or Ctrl-C. UserError about bundle, options or the stream is the caller's."""
    from sedkd.errors import UserError
    from sedkd.stream.clips import Clips
    from sedkd.stream.detector import StreamDetector
    from sedkd.stream.network import StreamNetwork
    from sedkd.stream.rates import below_words, needed_rate

    if args.clips_bytes is not None and args.clips is None:
        raise UserError("--clips-bytes: bounds nothing without --clips DIR")
    network = StreamNetwork(args.bundle)
    network.bundle = network.bundle.with_thresholds(args.threshold)
    detector = StreamDetector(network, args.rate)
    needed = needed_rate(network.bundle)
    if needed is not None and detector.rate < needed:
        _say(f"warning: the stream has {detector.rate} Hz; {below_words(needed)}")
    limit, labels = args.clips_bytes or CLIPS_BYTES, network.bundle.labels
    clips = Clips(args.clips, detector.rate, limit, labels) if args.clips else None
    talk = _Talk(detector, args.format, args.onsets, clips)
    with Interruption() as interruption, _pieces(args.source, detector, talk) as pieces:
        talk.begin()
        try:
            while (piece := interruption.waited_for(pieces)) is not None:
                talk.hear(piece)
        finally:  # a stream that is cut short has events, too
            talk.end()
    return 0


@contextmanager
def _pieces(source: str | None, detector: "StreamDetector", talk: "_Talk") -> "Iterator[Iterator[Any]]":
    from sedkd.stream.sources import Microphone, pcm_pieces, standard_input

    if source is not None:
        yield pcm_pieces(standard_input(), detector.rate)
        return
    with Microphone(detector.rate) as microphone:
        talk.watch(microphone)
        yield microphone.pieces()


class _Talk:
    """What is printed, and how much time hearing took."""

    def __init__(self, detector: "StreamDetector", form: str, onsets: bool, clips: "Clips | None") -> None:
        self.detector, self.form, self.onsets, self.clips = detector, form, onsets, clips
        self.worked = self.lost = 0.0
        self.overflows = 0
        self.microphone: Microphone | None = None

    def watch(self, microphone: "Microphone") -> None:
        self.microphone = microphone

    def begin(self) -> None:
        _say(f"listening at {self.detector.rate} Hz; events are told up to {self.detector.delay_seconds:.2f} s later")
        self._print(beginning(self.form))

    def hear(self, piece: Any) -> None:
        if self.clips is not None:
            self.clips.feed(piece)
        begun = time.perf_counter()
        told = self.detector.feed(piece)
        self.worked += time.perf_counter() - begun
        self._tell(told)
        if self.microphone is not None:
            self._watch(self.microphone)

    def _watch(self, microphone: "Microphone") -> None:
        """Say what was lost since the last time."""
        lost, overflows = microphone.lost - self.lost, microphone.overflows - self.overflows
        before = f"before {self.detector.seconds:.1f} s"
        if lost:
            _say(f"warning: fell behind, {lost:.2f} s of sound were lost {before}; a smaller student keeps up")
        if overflows:
            _say(f"warning: the system dropped sound {before}; times after it are too early")
        self.lost, self.overflows = microphone.lost, microphone.overflows

    def end(self) -> None:
        begun = time.perf_counter()
        told = self.detector.finish()
        self.worked += time.perf_counter() - begun
        self._tell(told)
        if seconds := self.detector.seconds:
            _say(f"heard {seconds:.1f} s in {self.worked:.1f} s: real-time factor {self.worked / seconds:.3g}")

    def _tell(self, told: Any) -> None:
        from sedkd.stream.decisions import Onset

        self._print("".join(line(each, self.form) for each in told if self.onsets or not isinstance(each, Onset)))
        for each in told:
            if self.clips is not None and not self.clips.full and not isinstance(each, Onset):
                self._keep(self.clips, each)

    def _keep(self, clips: "Clips", detection: "Detection") -> None:
        if not clips.write(detection):
            _say(f"warning: {clips.folder} is full (--clips-bytes); no more clips are written")

    def _print(self, text: str) -> None:
        if text:
            sys.stdout.write(text)
            sys.stdout.flush()


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
