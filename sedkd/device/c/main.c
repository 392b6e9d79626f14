/* 16-bit little-endian mono PCM from stdin; events as TAB-separated lines on stdout as they end. */
#include <stdio.h>
#include <string.h>

#include "sedkd_detector.h"

#define BLOCK (2 * SEDKD_HOP) /* bytes: an event is told as soon as it is known */

static void print_event(void *context, int label, double onset, double offset)
{
    (void)context;
    printf("%.3f\t%.3f\t%s\n", onset, offset, sedkd_labels[label]);
    fflush(stdout);
}

static int fail(const char *what)
{
    fprintf(stderr, "error: %s; give 16-bit little-endian mono PCM at %d Hz\n", what, SEDKD_RATE);
    return 2;
}

/* With what audio files begin: W64, WAV of more than 4 GB or of big-endian samples, FLAC, Ogg, mp3 with a tag,
 * AIFF, CAF, AU, AMR, and WebM or Matroska; MP4 has it behind four bytes. */
static int is_audio_file(const unsigned char *bytes, size_t count)
{
    static const char *const known[] = {"riff", "RIFX", "RF64", "BW64", "fLaC",  "OggS",
                                        "ID3",  "FORM", "caff", ".snd", "#!AMR", "\x1A\x45\xDF\xA3"};

    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        const size_t length = strlen(known[i]);
        if (count >= length && memcmp(bytes, known[i], length) == 0) {
            return 1;
        }
    }
    return count >= 8 && memcmp(bytes + 4, "ftyp", 4) == 0;
}

int main(void)
{
    static sedkd_detector detector;
    static unsigned char bytes[BLOCK];
    static int16_t samples[BLOCK / 2];
    const sedkd_listener listener = {.ended = print_event};
    size_t waiting = 0; /* the first byte of a sample whose second has not come */

    sedkd_detector_reset(&detector, &listener);
    printf("onset\toffset\tevent_label\n");
    fflush(stdout);
    for (;;) {
        const size_t got = fread(bytes + waiting, 1, BLOCK - waiting, stdin);
        if (got == 0) {
            break;
        }
        const size_t held = waiting + got;
        if (detector.samples == 0 && held >= 4 && memcmp(bytes, "RIFF", 4) == 0) {
            return fail("stdin is a WAV file");
        }
        if (detector.samples == 0 && is_audio_file(bytes, held)) {
            return fail("stdin is an audio file with a header");
        }
        for (size_t i = 0; i < held / 2; i++) {
            const int value = bytes[2 * i] | bytes[2 * i + 1] << 8;
            samples[i] = (int16_t)(value < 32768 ? value : value - 65536);
        }
        sedkd_detector_feed(&detector, samples, held / 2);
        waiting = held % 2;
        if (waiting) {
            bytes[0] = bytes[held - 1];
        }
    }
    if (ferror(stdin)) {
        return fail("stdin cannot be read");
    }
    if (detector.samples == 0 && waiting == 0) {
        return fail("stdin is empty");
    }
    sedkd_detector_finish(&detector);
    if (ferror(stdout)) {
        return fail("stdout cannot be written");
    }
    return waiting ? fail("stdin ended within a sample") : 0;
}
