/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* An object for this machine's processor, which somebody will take for a BPF one. */
int answer(void);

int answer(void)
{
	return 42;
}
