/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The limit in front of the queue: so many SYNs a second of one address reach it, what comes above
 * passes unchanged. The address is who opens the connection: the source of a SYN, the destination
 * of a SYN-ACK, each with a count of its own; of IPv6 the /64. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define PER_SOURCE_ROWS 4
#define PER_SOURCE_NAME_MAX 40
#define PER_SOURCE_TEXT_MAX 320
#define PER_SOURCE_SECONDS 2u /* an address that is silent for so long begins anew */

/* A family and a direction in nft's words. */
struct per_source_row {
	const char *name;     /* of the set, less the rate: the kernel keeps it in each element */
	const char *type;     /* of its elements */
	const char *flags;    /* among FIN, SYN, RST and ACK */
	uint8_t flag_bits;    /* the same, RFC 9293 */
	const char *protocol, *field;
	const char *mask;     /* NULL: the whole address */
};
extern const struct per_source_row per_source_rows[PER_SOURCE_ROWS];

/* Packets: twice the rate, at least 20, at most what both backends can hold. */
uint32_t per_source_burst(uint32_t rate_pps);

/* "from4_50" behind the prefix. */
void per_source_nft_name(const struct per_source_row *row, const char *prefix, uint32_t rate_pps,
			 char ret_name[PER_SOURCE_NAME_MAX]);
/* "set inet mssclamp NAME { ... }", for after "add". A set that is full adds no address: their SYNs
 * go to the queue (net/netfilter/nft_dynset.c nft_dynset_eval breaks the rule). */
void per_source_nft_set(const char *name, const char *type, uint32_t size, uint32_t seconds,
			char ret_text[PER_SOURCE_TEXT_MAX]);
#define PER_SOURCE_SIZE 16384 /* addresses a set holds: libnftables reads them with the table */
/* The rule: what is above leaves the chain. */
void per_source_nft_rule(const struct per_source_row *row, const char *name, uint32_t rate_pps,
			 uint32_t burst, char ret_text[PER_SOURCE_TEXT_MAX]);

/* Whether the kernel takes such sets and rules of nft; changes none. Returns 0, or -errno with an
 * owned text. */
int per_source_try(char **ret_error);

/* The rule for iptables, as iptables-save prints it: behind "-A CHAIN ". answers: SYN-ACKs. */
void per_source_iptables_rule(bool ipv6, bool answers, uint32_t rate_pps,
			      char ret_text[2 * PER_SOURCE_TEXT_MAX]);
