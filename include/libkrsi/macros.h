/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/**
 * @file
 * @brief The two macros that every other header uses.
 */
#ifndef LIBKRSI_MACROS_H
#define LIBKRSI_MACROS_H

/** Marks a symbol that libkrsi.so exports. It must stand in lib/libkrsi.map as well. */
#define KRSI_API __attribute__((visibility("default")))

#ifdef __cplusplus
#define KRSI_BEGIN_DECLS extern "C" {
#define KRSI_END_DECLS }
#else
/** Opens the declarations of a header, so that C++ gives them C linkage. */
#define KRSI_BEGIN_DECLS
/** Closes what KRSI_BEGIN_DECLS opened. */
#define KRSI_END_DECLS
#endif

#endif
