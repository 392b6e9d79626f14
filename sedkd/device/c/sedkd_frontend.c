#include "sedkd_frontend.h"

#include <math.h>
#include <string.h>

#include "sedkd_fft.h"

/* The signal is mirrored around its first sample, so that the first frame has a past. */
static void mirror(sedkd_frontend *frontend)
{
    for (int i = 1; i <= SEDKD_HALF; i++) {
        frontend->held[SEDKD_HALF - i] = frontend->held[SEDKD_HALF + i];
    }
}

static void log_mel(sedkd_frontend *frontend, float frame[SEDKD_N_MELS])
{
    for (int i = 0; i < SEDKD_N_FFT; i++) {
        frontend->wave[i] = (SEDKD_REAL)frontend->held[i] * sedkd_window[i];
    }
    sedkd_power_spectrum(frontend->wave, frontend->power);
    const float *weight = sedkd_mel_weights;
    for (int band = 0; band < SEDKD_N_MELS; band++) {
        const int first = sedkd_mel_first[band], count = sedkd_mel_count[band];
        SEDKD_REAL sum = 0;
        for (int i = 0; i < count; i++) {
            sum += frontend->power[first + i] * *weight++;
        }
        frame[band] = (logf((float)sum + SEDKD_LOG_OFFSET) + SEDKD_LOG_SHIFT) / SEDKD_LOG_SCALE;
    }
}

void sedkd_frontend_reset(sedkd_frontend *frontend)
{
    memset(frontend, 0, sizeof *frontend);
}

int sedkd_frontend_push(sedkd_frontend *frontend, int16_t sample, float frame[SEDKD_N_MELS])
{
    frontend->held[SEDKD_HALF + frontend->filled++] = sample;
    if (frontend->filled < SEDKD_HOP) {
        return 0;
    }
    if (!frontend->begun) {
        mirror(frontend);
        frontend->begun = 1;
    }
    log_mel(frontend, frame);
    memmove(frontend->held, frontend->held + SEDKD_HOP, SEDKD_HALF * sizeof frontend->held[0]);
    frontend->filled = 0;
    return 1;
}
