/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What this mssclampd is and can do, as --version tells. */
#pragma once

#include <stdio.h>

/* Prints the version, then a line or more for each kind of feature, of at most 80 columns. */
void version_print(FILE *out);
