#include "sedkd_detector.h"

#include <string.h>

static void answer(sedkd_detector *detector, const float probabilities[SEDKD_LABELS])
{
    const uint64_t known = (detector->heard + SEDKD_STRIDE - 1) / SEDKD_STRIDE;
    if (detector->early > 0) {
        detector->early--;
        return;
    }
    if (detector->answered == known) {
        return; /* about what is behind the end */
    }
    detector->answered++;
    if (detector->listener.answer) {
        detector->listener.answer(detector->listener.context, probabilities);
    }
    sedkd_decisions_push(&detector->decisions, probabilities, &detector->listener);
}

static void push_frame(sedkd_detector *detector, const float frame[SEDKD_N_MELS])
{
    memmove(detector->frames[detector->filled++], frame, sizeof detector->frames[0]);
    if (detector->filled == SEDKD_STEP_FRAMES) {
        float probabilities[SEDKD_STEP_ANSWERS][SEDKD_LABELS];
        sedkd_network_step(&detector->network, detector->frames, probabilities);
        detector->filled = 0;
        for (int i = 0; i < SEDKD_STEP_ANSWERS; i++) {
            answer(detector, probabilities[i]);
        }
    }
}

void sedkd_detector_reset(sedkd_detector *detector, const sedkd_listener *listener)
{
    memset(detector, 0, sizeof *detector);
    detector->listener = *listener;
    detector->early = SEDKD_DELAY;
    sedkd_frontend_reset(&detector->frontend);
    sedkd_network_reset(&detector->network);
    sedkd_decisions_reset(&detector->decisions);
}

void sedkd_detector_feed(sedkd_detector *detector, const int16_t *samples, size_t count)
{
    float frame[SEDKD_N_MELS];
    detector->samples += count;
    for (size_t i = 0; i < count; i++) {
        if (sedkd_frontend_push(&detector->frontend, samples[i], frame)) {
            if (detector->listener.frame) {
                detector->listener.frame(detector->listener.context, frame);
            }
            detector->heard++;
            push_frame(detector, frame);
        }
    }
}

void sedkd_detector_finish(sedkd_detector *detector)
{
    const uint64_t known = (detector->heard + SEDKD_STRIDE - 1) / SEDKD_STRIDE;
    if (detector->answered < known) {
        /* The last frame fills the last answer's frames; what follows is the features' mean. */
        for (uint64_t i = detector->heard; i % SEDKD_STRIDE; i++) {
            push_frame(detector, detector->frames[detector->filled - 1]);
        }
        while (detector->answered < known) {
            push_frame(detector, sedkd_padding);
        }
    }
    sedkd_decisions_finish(&detector->decisions, (double)detector->samples / SEDKD_RATE, &detector->listener);
}
