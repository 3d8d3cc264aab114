/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The words of a filter on a command line. */
#pragma once

#include <stdio.h>

/* Several words are one filter. A name with blanks or parentheses in it was quoted for the shell,
 * and is quoted again; parentheses at the end of a word that nothing in it opened are the filter's,
 * as in \( tunnel wg0 or tunnel wg1\). One word alone is the filter as it is. Returns owned, or
 * NULL (out of memory). Pure. */
char *capture_words_join(char *const *words);

/* The results that a filter may name. */
void capture_help(FILE *out);
