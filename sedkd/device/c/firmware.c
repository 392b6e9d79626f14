/* The least that a microcontroller needs around the detector. Two variables stand for its microphone and for what is
 * done with an event: put your own there. */
#include "sedkd_detector.h"

static volatile int16_t microphone;
static volatile int event;

static void ended(void *context, int label, double onset, double offset)
{
    (void)context;
    (void)onset;
    (void)offset;
    event = label;
}

int main(void)
{
    static sedkd_detector detector;
    const sedkd_listener listener = {.ended = ended};

    sedkd_detector_reset(&detector, &listener);
    for (;;) {
        const int16_t sample = microphone;
        sedkd_detector_feed(&detector, &sample, 1);
    }
}
