#include "sedkd_fft.h"

#define POINTS (SEDKD_N_FFT / 2) /* complex ones: even samples are real parts, odd samples imaginary parts */

static void swap(SEDKD_REAL *a, SEDKD_REAL *b)
{
    const SEDKD_REAL kept = *a;
    *a = *b;
    *b = kept;
}

static void reverse_bits(SEDKD_REAL z[2 * POINTS])
{
    int j = 0;
    for (int i = 0; i < POINTS - 1; i++) {
        if (i < j) {
            swap(&z[2 * i], &z[2 * j]);
            swap(&z[2 * i + 1], &z[2 * j + 1]);
        }
        int bit = POINTS >> 1;
        for (; j & bit; bit >>= 1) {
            j ^= bit;
        }
        j |= bit;
    }
}

/* In place, by decimation in time (Cooley and Tukey 1965). */
static void complex_fft(SEDKD_REAL z[2 * POINTS])
{
    reverse_bits(z);
    for (int half = 1; half < POINTS; half *= 2) {
        const int step = POINTS / half; /* in the table, which goes round once in 2 * POINTS */
        for (int k = 0; k < half; k++) {
            const SEDKD_REAL re = sedkd_cosine[k * step], im = -sedkd_sine[k * step];
            for (int i = k; i < POINTS; i += 2 * half) {
                SEDKD_REAL *a = &z[2 * i], *b = &z[2 * (i + half)];
                const SEDKD_REAL x = b[0] * re - b[1] * im, y = b[0] * im + b[1] * re;
                b[0] = a[0] - x;
                b[1] = a[1] - y;
                a[0] += x;
                a[1] += y;
            }
        }
    }
}

void sedkd_power_spectrum(SEDKD_REAL wave[SEDKD_N_FFT], SEDKD_REAL power[SEDKD_N_FFT / 2 + 1])
{
    const SEDKD_REAL half = 0.5;
    complex_fft(wave);
    power[0] = (wave[0] + wave[1]) * (wave[0] + wave[1]);
    power[POINTS] = (wave[0] - wave[1]) * (wave[0] - wave[1]);
    for (int k = 1; k <= POINTS / 2; k++) {
        /* What the even samples and the odd samples have to do with bin k and its mirror image. */
        const SEDKD_REAL *a = &wave[2 * k], *b = &wave[2 * (POINTS - k)];
        const SEDKD_REAL even_re = half * (a[0] + b[0]), even_im = half * (a[1] - b[1]);
        const SEDKD_REAL odd_re = half * (a[1] + b[1]), odd_im = half * (b[0] - a[0]);
        const SEDKD_REAL re = odd_re * sedkd_cosine[k] + odd_im * sedkd_sine[k];
        const SEDKD_REAL im = odd_im * sedkd_cosine[k] - odd_re * sedkd_sine[k];
        power[k] = (even_re + re) * (even_re + re) + (even_im + im) * (even_im + im);
        power[POINTS - k] = (even_re - re) * (even_re - re) + (even_im - im) * (even_im - im);
    }
}
