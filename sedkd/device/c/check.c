/* Whether the library answers here as it did where it was made: see golden.h. Exit code 1 where it does not. */
#include <math.h>
#include <stdio.h>

#include "golden.h"
#include "sedkd_detector.h"

#define ALLOWED 1e-4
#define ALLOWED_LOG_MEL (sizeof(SEDKD_REAL) < sizeof(double) ? 5e-3 : ALLOWED) /* in a quiet band beside a loud one */

typedef struct {
    int frames, answers;
    double features, probabilities; /* the largest differences */
} comparison;

static double largest(double worst, const float *found, const float *expected, int count)
{
    for (int i = 0; i < count; i++) {
        const double difference = fabs((double)found[i] - (double)expected[i]);
        if (!(difference <= worst) && worst == worst) { /* NaN is a difference, too, and stays the largest */
            worst = difference;
        }
    }
    return worst;
}

static void compare_frame(void *context, const float log_mel[SEDKD_N_MELS])
{
    comparison *now = context;
    if (now->frames < GOLDEN_FRAMES) {
        now->features = largest(now->features, log_mel, golden_features[now->frames], SEDKD_N_MELS);
    }
    now->frames++;
}

static void compare_answer(void *context, const float probabilities[SEDKD_LABELS])
{
    comparison *now = context;
    if (now->answers < GOLDEN_ANSWERS) {
        now->probabilities =
            largest(now->probabilities, probabilities, golden_probabilities[now->answers], SEDKD_LABELS);
    }
    now->answers++;
}

int main(void)
{
    static sedkd_detector detector;
    comparison now = {0, 0, 0.0, 0.0};
    const sedkd_listener listener = {.context = &now, .frame = compare_frame, .answer = compare_answer};

    sedkd_detector_reset(&detector, &listener);
    sedkd_detector_feed(&detector, golden_samples, GOLDEN_SAMPLES);
    sedkd_detector_finish(&detector);
    const int same = now.frames == GOLDEN_FRAMES && now.answers == GOLDEN_ANSWERS &&
                     now.features <= ALLOWED_LOG_MEL && now.probabilities <= ALLOWED;
    printf("%d of %d frames, %d of %d answers; largest differences: log-mel %.2g, probability %.2g: %s\n", now.frames,
           GOLDEN_FRAMES, now.answers, GOLDEN_ANSWERS, now.features, now.probabilities, same ? "the same" : "DIFFERENT");
    return same ? 0 : 1;
}
