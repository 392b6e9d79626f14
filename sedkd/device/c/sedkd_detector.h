/* The detector: samples in, events out. No heap; all that it remembers is in one struct, but for the network's working
 * memory, which is static: run one detector at a time. */
#ifndef SEDKD_DETECTOR_H
#define SEDKD_DETECTOR_H

#include <stddef.h>
#include <stdint.h>

#include "sedkd_decisions.h"
#include "sedkd_frontend.h"
#include "sedkd_network.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct {
    sedkd_listener listener;
    sedkd_frontend frontend;
    sedkd_network network;
    sedkd_decisions decisions;
    float frames[SEDKD_STEP_FRAMES][SEDKD_N_MELS]; /* of the network's next step */
    int filled;
    int early;                /* answers still to come that are about what was before the start */
    uint64_t samples, heard, answered; /* samples and frames heard, answers told */
} sedkd_detector;

void sedkd_detector_reset(sedkd_detector *detector, const sedkd_listener *listener);

/* Take `count` samples, mono at SEDKD_RATE, in pieces of any size. */
void sedkd_detector_feed(sedkd_detector *detector, const int16_t *samples, size_t count);

/* Tell what is still due at the end of the stream. Reset the detector before another one. */
void sedkd_detector_finish(sedkd_detector *detector);

#ifdef __cplusplus
}
#endif

#endif
