/* Log-mel features of a stream of 16-bit samples: one frame per hop. */
#ifndef SEDKD_FRONTEND_H
#define SEDKD_FRONTEND_H

#include <stdint.h>

#include "sedkd_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

#define SEDKD_HALF (SEDKD_N_FFT / 2)

/* `held`: the half spectrum of samples before the current hop, then the hop. */
typedef struct {
    int16_t held[SEDKD_HALF + SEDKD_HOP];
    int filled; /* samples of the current hop */
    int begun;  /* whether a frame was made */
    SEDKD_REAL wave[SEDKD_N_FFT];
    SEDKD_REAL power[SEDKD_HALF + 1];
} sedkd_frontend;

void sedkd_frontend_reset(sedkd_frontend *frontend);

/* Take a sample. Returns 1 when it completes a frame, which is then in `frame`, else 0. */
int sedkd_frontend_push(sedkd_frontend *frontend, int16_t sample, float frame[SEDKD_N_MELS]);

#ifdef __cplusplus
}
#endif

#endif
