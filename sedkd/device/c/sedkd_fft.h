/* The power spectrum of real samples. */
#ifndef SEDKD_FFT_H
#define SEDKD_FFT_H

#include "sedkd_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/* `wave`: the samples, which are overwritten; `power`: the squared magnitude of each bin from 0 to half the rate. */
void sedkd_power_spectrum(SEDKD_REAL wave[SEDKD_N_FFT], SEDKD_REAL power[SEDKD_N_FFT / 2 + 1]);

#ifdef __cplusplus
}
#endif

#endif
