#include "sedkd_decisions.h"

#include <string.h>

static void end(sedkd_vote *vote, int label, double latest, const sedkd_listener *listener)
{
    const double offset = vote->decided * SEDKD_ANSWER_SECONDS;
    vote->active = 0;
    if (listener->ended) {
        listener->ended(listener->context, label, vote->first * SEDKD_ANSWER_SECONDS, offset < latest ? offset : latest);
    }
}

/* Take a vote; when the ring is full, the answer in its middle is decided. */
static void push(sedkd_vote *vote, int label, uint8_t reached, const sedkd_listener *listener)
{
    const int median = sedkd_medians[label];
    if (vote->held == median) {
        vote->votes -= vote->ring[vote->next];
    } else {
        vote->held++;
    }
    vote->ring[vote->next] = reached;
    vote->next = (vote->next + 1) % median;
    vote->votes += reached;
    if (vote->held < median) {
        return;
    }
    const int active = vote->votes > median / 2;
    if (active && !vote->active) {
        vote->active = 1;
        vote->first = vote->decided;
        if (listener->begun) {
            listener->begun(listener->context, label, vote->first * SEDKD_ANSWER_SECONDS);
        }
    } else if (!active && vote->active) {
        end(vote, label, vote->decided * SEDKD_ANSWER_SECONDS, listener);
    }
    vote->decided++;
}

void sedkd_decisions_reset(sedkd_decisions *decisions)
{
    memset(decisions, 0, sizeof *decisions);
}

void sedkd_decisions_push(sedkd_decisions *decisions, const float probabilities[SEDKD_LABELS],
                          const sedkd_listener *listener)
{
    for (int label = 0; label < SEDKD_LABELS; label++) {
        const uint8_t reached = probabilities[label] >= sedkd_thresholds[label];
        /* The first answer counts for those before the start as well. */
        for (int i = decisions->begun ? 0 : -(sedkd_medians[label] / 2); i <= 0; i++) {
            push(&decisions->votes[label], label, reached, listener);
        }
    }
    decisions->begun = 1;
}

void sedkd_decisions_finish(sedkd_decisions *decisions, double duration, const sedkd_listener *listener)
{
    for (int label = 0; label < SEDKD_LABELS && decisions->begun; label++) {
        sedkd_vote *vote = &decisions->votes[label];
        const int median = sedkd_medians[label];
        const uint8_t last = vote->ring[(vote->next + median - 1) % median];
        for (int i = 0; i < median / 2; i++) {
            push(vote, label, last, listener);
        }
        if (vote->active) {
            end(vote, label, duration, listener);
        }
    }
}
