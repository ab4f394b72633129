/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* What helps against the commonest refusals of a verifier. */
#ifndef KRSI_PRIV_VERIFIER_HINT_H
#define KRSI_PRIV_VERIFIER_HINT_H

/*
 * A sentence for the message that krsi_priv_verifier_message() found, whose first line counts, or NULL when there is
 * nothing to say that the message does not. `lockdown` is the mode of krsi_priv_lockdown_read().
 */
const char *krsi_priv_verifier_hint(const char *message, const char *lockdown);

#endif
