#!/bin/busybox sh
# shellcheck shell=dash
# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# In the guest: the same acts, bare and under an AppArmor profile of ten rules.
set -e
/test/cost bare
/test/apparmor_parser --skip-cache --base /test --replace /test/apparmor
# That it is enforced is shown by what it denies.
echo secret >/tmp/secret
if sh -c 'echo "exec bench" >/proc/self/attr/exec 2>/dev/null || echo "exec bench" >/proc/self/attr/apparmor/exec; exec cat /tmp/secret' >/dev/null 2>&1; then
	echo "AppArmor does not enforce the profile" >&2
	exit 1
fi
echo "exec bench" >/proc/self/attr/exec 2>/dev/null || echo "exec bench" >/proc/self/attr/apparmor/exec
exec /test/cost "10 rules"
