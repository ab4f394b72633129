/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* Compiled behind one public header at a time: a translation unit must have a declaration of its own. */
extern int libkrsi_test_declaration;
