/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The terminal while `top` has it: another screen, no cursor, keys one by one. It is given back as
 * it was found, whatever ends the program in good order. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <termios.h>

struct top_terminal {
	struct termios before; /* of the keyboard */
	bool has_keys;         /* stdin is a terminal, and somebody may type */
	bool keys_taken;       /* it is to be given back as before */
	bool taken;
};

/* Returns 0 or -errno (of the keyboard). */
int top_terminal_take(struct top_terminal *terminal);
/* Once more, behind a stop in which somebody else had it; what is given back is still as it was
 * before the first time. */
void top_terminal_retake(struct top_terminal *terminal);
/* Fine where it is not taken. */
void top_terminal_give_back(struct top_terminal *terminal);

/* Columns and lines; 80 and 24 where nobody knows. */
void top_terminal_size(unsigned int *ret_columns, unsigned int *ret_lines);

/* Draws a frame, lines with a newline at their ends, over the one before. At most `lines` of it. */
void top_terminal_draw(const char *frame, unsigned int lines);
