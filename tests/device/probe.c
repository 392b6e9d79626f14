/* Samples from stdin, as they lie in memory; frames and answers to two files, what is told to stdout. */
#include <stdio.h>

#include "sedkd_detector.h"

static FILE *frames, *answers;

static void frame(void *context, const float log_mel[SEDKD_N_MELS])
{
    (void)context;
    fwrite(log_mel, sizeof(float), SEDKD_N_MELS, frames);
}

static void answer(void *context, const float probabilities[SEDKD_LABELS])
{
    (void)context;
    fwrite(probabilities, sizeof(float), SEDKD_LABELS, answers);
}

static void begun(void *context, int label, double onset)
{
    (void)context;
    printf("begun %.17g %s\n", onset, sedkd_labels[label]);
}

static void ended(void *context, int label, double onset, double offset)
{
    (void)context;
    printf("ended %.17g %.17g %s\n", onset, offset, sedkd_labels[label]);
}

int main(int argc, char **argv)
{
    static sedkd_detector detector;
    static int16_t samples[777];
    const sedkd_listener listener = {NULL, frame, answer, begun, ended};

    if (argc != 3 || !(frames = fopen(argv[1], "wb")) || !(answers = fopen(argv[2], "wb"))) {
        return 1;
    }
    sedkd_detector_reset(&detector, &listener);
    for (size_t got; (got = fread(samples, sizeof samples[0], 777, stdin)) > 0;) {
        sedkd_detector_feed(&detector, samples, got);
    }
    sedkd_detector_finish(&detector);
    return fclose(frames) || fclose(answers);
}
