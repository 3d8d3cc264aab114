/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "core/tcpopt.h"

#include "core/packet.h"

static void note_option(struct tcpopt *found, uint8_t kind, uint8_t len, size_t at)
{
	switch (kind) {
	case TCPOPT_MSS:
		if (len == TCPOPT_MSS_LEN)
			found->mss_at[found->mss_count++] = (uint8_t)at;
		else
			found->mss_odd_length = true;
		break;
	case TCPOPT_MD5:
		found->md5 = true;
		break;
	case TCPOPT_AO:
		found->ao = true;
		break;
	default:
		break;
	}
}

struct tcpopt tcpopt_walk(const uint8_t *tcp, size_t header_len)
{
	struct tcpopt found = { 0 };
	size_t at = TCP_HEADER_MIN;
	uint8_t len;

	while (at < header_len && tcp[at] != TCPOPT_EOL) {
		if (tcp[at] == TCPOPT_NOP) {
			at++;
			continue;
		}
		len = header_len - at >= 2 ? tcp[at + 1] : 0;
		if (len < 2 || len > header_len - at) {
			found.malformed = true;
			break;
		}
		note_option(&found, tcp[at], len, at);
		at += len;
	}
	return found;
}
