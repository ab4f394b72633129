/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Whether two policies mean the same, member by member. The fuzz target uses it as well, so no cmocka here. */
#ifndef KRSI_TESTS_POLICY_EQUAL_H
#define KRSI_TESTS_POLICY_EQUAL_H

struct krsi_policy;

/* NULL when they are equal, else what differs. Places are not compared. */
const char *policy_difference(const struct krsi_policy *a, const struct krsi_policy *b);

#endif
