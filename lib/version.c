/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <libkrsi/version.h>

const char *krsi_version(void)
{
	return KRSI_VERSION;
}
