/* From probabilities to events: a threshold and a median filter per label, while the answers come in.
 *
 * The median of an odd number of answers reaches a threshold if and only if more than half of them reach it: a filter
 * of m answers is a vote among the last m, and its decision comes m / 2 answers late. */
#ifndef SEDKD_DECISIONS_H
#define SEDKD_DECISIONS_H

#include <stdint.h>

#include "sedkd_tables.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Of one label. Counts of answers go round after 2^32 of them, more than ten years. */
typedef struct {
    uint8_t ring[SEDKD_LONGEST_MEDIAN]; /* which of the last answers reached the threshold */
    int held, next, votes;
    uint32_t decided; /* answers */
    int active;
    uint32_t first; /* answer of the event that goes on */
} sedkd_vote;

typedef struct {
    sedkd_vote votes[SEDKD_LABELS];
    int begun;
} sedkd_decisions;

/* What is told; `context` comes back, and each of the others may be NULL. Seconds from the start of the stream. */
typedef struct {
    void *context;
    void (*frame)(void *context, const float log_mel[SEDKD_N_MELS]);
    void (*answer)(void *context, const float probabilities[SEDKD_LABELS]);
    void (*begun)(void *context, int label, double onset);
    void (*ended)(void *context, int label, double onset, double offset);
} sedkd_listener;

void sedkd_decisions_reset(sedkd_decisions *decisions);
void sedkd_decisions_push(sedkd_decisions *decisions, const float probabilities[SEDKD_LABELS],
                          const sedkd_listener *listener);

/* The stream has ended after `duration` seconds, where its last events end at the latest. */
void sedkd_decisions_finish(sedkd_decisions *decisions, double duration, const sedkd_listener *listener);

#ifdef __cplusplus
}
#endif

#endif
