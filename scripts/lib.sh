# SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause
# shellcheck shell=bash
# What scripts/demo and scripts/test share. Sourced, not run.
# shellcheck disable=SC2034 # used by those who source it

top=$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")
readonly top
readonly KERNELS=(5.10 6.1 6.12 6.19 7.3)

# A step that a person follows while it runs.
step() { printf '\n==> %s (at %d:%02d min)\n' "$*" $((SECONDS / 60)) $((SECONDS % 60)); }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# need_packages NAME...: install those that are missing, and say which.
need_packages() {
	local name missing=() run=()
	for name; do
		dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q ' installed$' || missing+=("$name")
	done
	((${#missing[@]})) || return 0
	step "Installing ${missing[*]}"
	command -v apt-get >/dev/null ||
		die "this is no Debian system; install the equivalent of: ${missing[*]}"
	if ((EUID)); then
		command -v sudo >/dev/null || die "run this as root once, or install: ${missing[*]}"
		run=(sudo)
	fi
	"${run[@]}" apt-get update -q >/dev/null || printf 'apt-get update failed; trying with the lists at hand\n' >&2
	DEBIAN_FRONTEND=noninteractive "${run[@]}" apt-get install -y -q --no-install-recommends "${missing[@]}" >/dev/null ||
		die "cannot install: ${missing[*]}"
}

readonly BUILD_PACKAGES=(
	gcc clang llvm meson ninja-build pkg-config bpftool
	libbpf-dev libelf-dev libyaml-dev zlib1g-dev libjansson-dev libaudit-dev
)
readonly VM_PACKAGES=(qemu-system-x86 busybox-static cpio xz-utils)
readonly TEST_PACKAGES=(
	g++ make libcmocka-dev valgrind doxygen shellcheck libclang-rt-dev
)

# lsm_args KERNEL yes|no: the boot argument with or without bpf among the security modules.
lsm_args() {
	if [[ $2 == yes ]]; then echo lsm=lockdown,yama,apparmor,bpf; else echo lsm=lockdown,yama,apparmor; fi
}
