/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/top/top_terminal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* The other screen, no cursor, lines that end at the border; and all of it undone. */
#define TAKE "\033[?1049h\033[?25l\033[?7l\033[2J"
#define GIVE_BACK "\033[?7h\033[?25h\033[?1049l"
#define TOP_LEFT "\033[H"
#define CLEAR_LINE "\033[K"
#define CLEAR_BELOW "\033[J"

/* Keys one by one, unseen. */
static int take_keys(const struct top_terminal *terminal)
{
	struct termios keys = terminal->before;

	keys.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
	keys.c_cc[VMIN] = 1;
	keys.c_cc[VTIME] = 0;
	return tcsetattr(STDIN_FILENO, TCSADRAIN, &keys) < 0 ? -errno : 0;
}

static void take_screen(void)
{
	fputs(TAKE, stdout);
	fflush(stdout);
}

int top_terminal_take(struct top_terminal *terminal)
{
	int r = 0;

	terminal->has_keys = isatty(STDIN_FILENO);
	if (terminal->has_keys)
		r = tcgetattr(STDIN_FILENO, &terminal->before) < 0 ? -errno : take_keys(terminal);
	if (r < 0)
		return r;
	terminal->keys_taken = terminal->has_keys;
	terminal->taken = true;
	take_screen();
	return 0;
}

void top_terminal_retake(struct top_terminal *terminal)
{
	if (!terminal->taken)
		return;
	if (terminal->keys_taken)
		take_keys(terminal);
	take_screen();
}

void top_terminal_give_back(struct top_terminal *terminal)
{
	if (!terminal->taken)
		return;
	terminal->taken = false;
	fputs(GIVE_BACK, stdout);
	fflush(stdout);
	if (terminal->keys_taken)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &terminal->before);
}

void top_terminal_size(unsigned int *ret_columns, unsigned int *ret_lines)
{
	struct winsize size;
	bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0;

	*ret_columns = known && size.ws_col ? size.ws_col : 80;
	*ret_lines = known && size.ws_row ? size.ws_row : 24;
}

void top_terminal_draw(const char *frame, unsigned int lines)
{
	fputs(TOP_LEFT, stdout);
	if (!*frame)
		fputs(CLEAR_BELOW, stdout);
	for (unsigned int line = 0; *frame && line < lines; line++) {
		size_t len = strcspn(frame, "\n"), next = len + (frame[len] == '\n');

		if (line > 0)
			putchar('\n');
		/* In front: behind a full line it would take its end. */
		fputs(frame[next] && line + 1 < lines ? CLEAR_LINE : CLEAR_BELOW, stdout);
		fwrite(frame, 1, len, stdout);
		frame += next;
	}
}
