/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief All of libkrsi's headers but libkrsi/bpf.h, which is for users of libbpf.
 */
#ifndef LIBKRSI_KRSI_H
#define LIBKRSI_KRSI_H

#include <libkrsi/additions.h>
#include <libkrsi/attached.h>
#include <libkrsi/cases.h>
#include <libkrsi/ctx.h>
#include <libkrsi/decode.h>
#include <libkrsi/engine.h>
#include <libkrsi/error.h>
#include <libkrsi/event.h>
#include <libkrsi/event_fields.h>
#include <libkrsi/explain.h>
#include <libkrsi/hook.h>
#include <libkrsi/link.h>
#include <libkrsi/macros.h>
#include <libkrsi/map.h>
#include <libkrsi/matcher.h>
#include <libkrsi/object.h>
#include <libkrsi/policy.h>
#include <libkrsi/probe.h>
#include <libkrsi/process.h>
#include <libkrsi/record.h>
#include <libkrsi/stream.h>
#include <libkrsi/version.h>

#endif
