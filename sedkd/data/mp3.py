"""An mp3's first frames: whether there are any, and how long its encoder said that it is, by the Xing or Info tag in
the first one, if it has one."""

import struct
from pathlib import Path

SEARCHED = 4096  # bytes behind an ID3 tag, which hold the first frame
RATES = {3: (44100, 48000, 32000), 2: (22050, 24000, 16000), 0: (11025, 12000, 8000)}  # by the version's two bits
BIT_RATES = (  # kbit/s, of the first version and of the others
    (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
)
FRAMES = 3  # in a row that tell an mp3 from samples
FRAMES_BYTES = (FRAMES - 1) * 1441 + 4  # the longest two and the header of the third
HAS_FRAMES = 1  # the flag that a number of frames follows
SILENT = 3  # frames, at most, that an encoder adds before and behind the audio, and a decoder takes away


def promised_seconds(path: Path) -> float:
    """The least length that the tag allows; 0.0 without one, or of what is no mp3.

    ISO 11172-3 for the frame's header, and the LAME project's description of the tag.
    """
    with path.open("rb") as file:
        file.seek(_behind_id3(file.read(10)))
        content = file.read(SEARCHED)
    found = [place for name in (b"Xing", b"Info") if (place := content.find(name)) >= 0]
    sync = next((i for i in range(len(content) - 4) if content[i] == 0xFF and content[i + 1] & 0xE0 == 0xE0), None)
    if not found or sync is None or not 4 <= min(found) - sync <= 64:
        return 0.0
    version, index = content[sync + 1] >> 3 & 3, content[sync + 2] >> 2 & 3
    if version not in RATES or index == 3:
        return 0.0
    flags, frames = struct.unpack(">II", content[min(found) + 4 : min(found) + 12].ljust(8, b"\0"))
    samples = 1152 if version == 3 else 576
    return max(frames - SILENT, 0) * samples / RATES[version][index] if flags & HAS_FRAMES else 0.0


def _behind_id3(head: bytes) -> int:
    """Where an ID3v2 tag ends: its size is written in four bytes of seven bits."""
    if head[:3] != b"ID3" or len(head) < 10:
        return 0
    size = 0
    for byte in head[6:10]:
        size = size << 7 | byte & 0x7F
    return 10 + size


def begins_mp3(content: bytes) -> bool:
    """Whether these bytes begin with `FRAMES` frames of one mp3, each where the one before ends; `FRAMES_BYTES` of them
    tell. Samples happen to look like that once in 2^40 times."""
    place, kinds = 0, set()
    for _ in range(FRAMES):
        head = content[place : place + 4]
        length = frame_bytes(head)
        if not length:
            return False
        kinds.add((head[1] & ~1, head[2] >> 2 & 3))  # all but the bit that says whether there is a checksum
        place += length
    return len(kinds) == 1


def frame_bytes(head: bytes) -> int:
    """How long the frame is that begins with these four bytes; 0 for what is no header of one."""
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE6 != 0xE2:  # eleven bits, and those of layer III
        return 0
    version, rate, index = head[1] >> 3 & 3, head[2] >> 2 & 3, head[2] >> 4
    if version not in RATES or rate == 3 or index in (0, 15):
        return 0
    kilobits, bytes_of_one = (BIT_RATES[0], 144000) if version == 3 else (BIT_RATES[1], 72000)
    return bytes_of_one * kilobits[index] // RATES[version][rate] + (head[2] >> 1 & 1)
