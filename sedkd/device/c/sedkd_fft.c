#include "sedkd_fft.h"

#define POINTS (SEDKD_N_FFT / 2) /* complex ones: even samples are real parts, odd samples imaginary parts */

static void swap(float *a, float *b)
{
    const float kept = *a;
    *a = *b;
    *b = kept;
}

static void reverse_bits(float z[2 * POINTS])
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
static void complex_fft(float z[2 * POINTS])
{
    reverse_bits(z);
    for (int half = 1; half < POINTS; half *= 2) {
        const int step = POINTS / half; /* in the table, which goes round once in 2 * POINTS */
        for (int k = 0; k < half; k++) {
            const float re = sedkd_cosine[k * step], im = -sedkd_sine[k * step];
            for (int i = k; i < POINTS; i += 2 * half) {
                float *a = &z[2 * i], *b = &z[2 * (i + half)];
                const float x = b[0] * re - b[1] * im, y = b[0] * im + b[1] * re;
                b[0] = a[0] - x;
                b[1] = a[1] - y;
                a[0] += x;
                a[1] += y;
            }
        }
    }
}

void sedkd_power_spectrum(float wave[SEDKD_N_FFT], float power[SEDKD_N_FFT / 2 + 1])
{
    complex_fft(wave);
    power[0] = (wave[0] + wave[1]) * (wave[0] + wave[1]);
    power[POINTS] = (wave[0] - wave[1]) * (wave[0] - wave[1]);
    for (int k = 1; k <= POINTS / 2; k++) {
        /* What the even samples and the odd samples have to do with bin k and its mirror image. */
        const float *a = &wave[2 * k], *b = &wave[2 * (POINTS - k)];
        const float even_re = 0.5f * (a[0] + b[0]), even_im = 0.5f * (a[1] - b[1]);
        const float odd_re = 0.5f * (a[1] + b[1]), odd_im = 0.5f * (b[0] - a[0]);
        const float re = odd_re * sedkd_cosine[k] + odd_im * sedkd_sine[k];
        const float im = odd_im * sedkd_cosine[k] - odd_re * sedkd_sine[k];
        power[k] = (even_re + re) * (even_re + re) + (even_im + im) * (even_im + im);
        power[POINTS - k] = (even_re - re) * (even_re - re) + (even_im - im) * (even_im - im);
    }
}
