/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The page of keys and words. */
#include <stdio.h>
#include <string.h>

#include "base/array.h"
#include "ctl/screen/format.h"
#include "ctl/top/top.h"

#define WORDS_AT 16 /* column of what a key does */

static const struct { const char *key, *does; } rows[] = {
	{ "q", "quit" },
	{ "up, down", "choose a tunnel (k, j)" },
	{ "Enter", "its peers" },
	{ "p", "all peers" },
	{ "t, Esc", "the tunnels" },
	{ "s", "next order: SYN/s, clamped, name, path, MSS, peers" },
	{ "r", "the other way round" },
	{ "PgUp, PgDn, g, G", "page; first, last" },
	{ "Space", "look at once" },
	{ "PATH", "largest packet outside that passes, SOURCE: says who" },
	{ "SYN/s, CLAMP%", "since the look before; of a peer in the last second" },
	{ "MSS IN -> OUT", "most frequent since then, or ever; of a peer its last; the bar is what "
			   "is left" },
	{ "LAST SEEN", "time since the last handshake of a WireGuard peer, or since the SA of an "
		       "IPsec one was made" },
	{ "_none", "SYNs of no tunnel" },
};

void top_print_help(const struct top *top, FILE *out)
{
	unsigned int width = top->ctl.width > WORDS_AT + 2 ? top->ctl.width - WORDS_AT - 2 : 1;

	for (size_t i = 0; i < COUNT(rows); i++) {
		const char *rest = rows[i].does, *key = rows[i].key;

		while (*rest) {
			size_t len = format_break(rest, width);

			fprintf(out, "%-*s  %.*s\n", WORDS_AT, key, (int)len, rest);
			rest += len;
			rest += strspn(rest, " ");
			key = "";
		}
	}
}
