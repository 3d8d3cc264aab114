/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "oracle.h"

#include <string.h>

enum { FRAGMENT_HEADER = 44, AUTHENTICATION_HEADER = 51 };

/* What is known of a packet once its headers were read. */
struct segment {
	const char *refused; /* why it is left alone, NULL where it is a SYN */
	bool ipv6;
	size_t ip_end; /* offset behind the IP packet */
	size_t tcp;    /* offset of the TCP header */
};

static unsigned int word_at(const uint8_t *bytes, size_t at)
{
	return bytes[at] * 256u + bytes[at + 1];
}

static void set_word(uint8_t *bytes, size_t at, unsigned int value)
{
	bytes[at] = (uint8_t)(value / 256);
	bytes[at + 1] = (uint8_t)(value % 256);
}

static struct segment refuse(struct segment segment, const char *reason)
{
	segment.refused = reason;
	return segment;
}

static struct segment read_ipv4(const uint8_t *packet, size_t len)
{
	struct segment found = { .refused = NULL };
	size_t header = (size_t)(packet[0] % 16) * 4;

	if (len < 20)
		return refuse(found, "ip_truncated");
	found.ip_end = word_at(packet, 2);
	if (header < 20 || found.ip_end < header)
		return refuse(found, "ip_header");
	if (found.ip_end > len)
		return refuse(found, "ip_truncated");
	if (word_at(packet, 6) % 0x4000 != 0) /* more fragments, or an offset; "don't" is fine */
		return refuse(found, "fragment");
	if (packet[9] != 6)
		return refuse(found, "not_tcp");
	found.tcp = header;
	return found;
}

static struct segment walk_ipv6(const uint8_t *packet, struct segment found)
{
	int next = packet[6];
	int walked = 0;

	found.tcp = 40;
	while (next == 0 || next == 43 || next == 60) {
		if (walked == 8 || (next == 0 && walked > 0))
			return refuse(found, "extension_header");
		if (found.tcp + 2 > found.ip_end)
			return refuse(found, "extension_header");
		next = packet[found.tcp];
		found.tcp += 8 + (size_t)packet[found.tcp + 1] * 8;
		walked++;
		if (found.tcp > found.ip_end)
			return refuse(found, "extension_header");
	}
	if (next == FRAGMENT_HEADER)
		return refuse(found, "fragment");
	if (next == AUTHENTICATION_HEADER)
		return refuse(found, "ah");
	if (next != 6)
		return refuse(found, "not_tcp");
	return found;
}

static struct segment read_ipv6(const uint8_t *packet, size_t len)
{
	struct segment found = { .ipv6 = true };

	if (len < 40)
		return refuse(found, "ip_truncated");
	if (word_at(packet, 4) == 0)
		return refuse(found, "jumbo");
	found.ip_end = 40 + word_at(packet, 4);
	if (found.ip_end > len)
		return refuse(found, "ip_truncated");
	return walk_ipv6(packet, found);
}

static struct segment read_packet(const uint8_t *packet, size_t len)
{
	struct segment found = { .refused = "not_ip" };
	const uint8_t *tcp;

	if (len > 0 && packet[0] / 16 == 4)
		found = read_ipv4(packet, len);
	else if (len > 0 && packet[0] / 16 == 6)
		found = read_ipv6(packet, len);
	if (found.refused)
		return found;
	if (found.ip_end - found.tcp < 20)
		return refuse(found, "tcp_truncated");
	tcp = packet + found.tcp;
	if (tcp[12] / 16 < 5 || (size_t)(tcp[12] / 16) * 4 > found.ip_end - found.tcp)
		return refuse(found, "tcp_header");
	if ((tcp[13] & 0x07) != 0x02) /* of FIN, SYN and RST only SYN */
		return refuse(found, "not_syn");
	return found;
}

/* What the options say; mss[] marks the bytes where an MSS option of length 4 starts. */
struct options_seen {
	bool mss[60];
	bool any_mss, odd_mss, md5, ao, broken;
};

static struct options_seen read_options(const uint8_t *tcp, size_t header)
{
	struct options_seen seen = { .any_mss = false };
	size_t at = 20;

	while (at < header && tcp[at] != 0) {
		if (tcp[at] == 1) {
			at++;
			continue;
		}
		if (at + 1 == header || tcp[at + 1] < 2 || at + tcp[at + 1] > header) {
			seen.broken = true;
			break;
		}
		if (tcp[at] == 2 && tcp[at + 1] == 4)
			seen.mss[at] = seen.any_mss = true;
		else if (tcp[at] == 2)
			seen.odd_mss = true;
		seen.md5 |= tcp[at] == 19;
		seen.ao |= tcp[at] == 29;
		at += tcp[at + 1];
	}
	return seen;
}

/* Sum of all 16-bit words modulo 65535: what a checksum is about, whatever the carries did. */
static unsigned int sum_words(const uint8_t *bytes, size_t len)
{
	unsigned long sum = 0;

	for (size_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? bytes[i] * 256ul : bytes[i];
	return (unsigned int)(sum % 65535);
}

/* Moves the checksum at `at` so that the sum of everything is what it was before. */
static void restore_sum(uint8_t *bytes, size_t len, size_t at, unsigned int before)
{
	unsigned int after = sum_words(bytes, len);

	set_word(bytes, at, (word_at(bytes, at) + 65535 + before - after) % 65535);
}

static bool lower_options(uint8_t *tcp, size_t len, const struct options_seen *seen, uint32_t limit)
{
	unsigned int before = sum_words(tcp, len);
	bool lowered = false;

	for (size_t at = 20; limit > 0 && at < 60; at++) {
		if (!seen->mss[at] || word_at(tcp, at + 2) <= limit)
			continue;
		set_word(tcp, at + 2, limit);
		lowered = true;
	}
	if (lowered)
		restore_sum(tcp, len, 16, before);
	return lowered;
}

static bool is_tiny(uint32_t mss, uint32_t limit, uint32_t below)
{
	return mss < below && (limit == 0 || mss < limit);
}

static bool has_tiny(const uint8_t *tcp, const struct options_seen *seen, uint32_t limit,
		     const struct oracle_options *options)
{
	for (size_t at = 20; at < 60; at++) {
		if (seen->mss[at] && is_tiny(word_at(tcp, at + 2), limit, options->low_below))
			return true;
	}
	return false;
}

static void raise_options(uint8_t *tcp, size_t len, const struct options_seen *seen, uint32_t limit,
			  uint32_t below)
{
	unsigned int before = sum_words(tcp, len);

	for (size_t at = 20; at < 60; at++) {
		if (seen->mss[at] && is_tiny(word_at(tcp, at + 2), limit, below))
			set_word(tcp, at + 2, limit > 0 && limit < below ? limit : below);
	}
	restore_sum(tcp, len, 16, before);
}

static size_t insert_option(uint8_t *packet, size_t len, const struct segment *found,
			    uint32_t value)
{
	uint8_t *tcp = packet + found->tcp;
	size_t segment_len = found->ip_end - found->tcp;
	unsigned int tcp_before = sum_words(tcp, segment_len);
	unsigned int ip_before = sum_words(packet, found->tcp);
	size_t length_at = found->ipv6 ? 4 : 2;

	memmove(tcp + 24, tcp + 20, len - found->tcp - 20);
	tcp[20] = 2;
	tcp[21] = 4;
	set_word(tcp, 22, value);
	tcp[12] = (uint8_t)(tcp[12] + 16);
	set_word(packet, length_at, word_at(packet, length_at) + 4);
	/* The pseudo header counts the segment's length, which is 4 more now. */
	restore_sum(tcp, segment_len + 4, 16, (tcp_before + 65535 - 4) % 65535);
	if (!found->ipv6)
		restore_sum(packet, found->tcp, 10, ip_before);
	return len + 4;
}

static bool may_insert(const uint8_t *packet, size_t len, size_t capacity,
		       const struct segment *found, const struct options_seen *seen)
{
	size_t header = (size_t)(packet[found->tcp + 12] / 16) * 4;
	size_t counted = found->ip_end - (found->ipv6 ? 40 : 0); /* by the length field */

	return !seen->any_mss && !seen->odd_mss && !seen->md5 && !seen->ao && !seen->broken &&
	       header == found->ip_end - found->tcp && header < 60 && counted + 4 <= 65535 &&
	       len + 4 <= capacity;
}

struct oracle_answer oracle_clamp(uint8_t *packet, size_t len, size_t capacity,
				  const struct oracle_options *options)
{
	struct segment found = read_packet(packet, len);
	struct options_seen seen;
	uint32_t limit = found.ipv6 ? options->limit6 : options->limit4;
	uint32_t usual = found.ipv6 ? 1220 : 536;
	uint8_t *tcp = packet + found.tcp;

	if (found.refused)
		return (struct oracle_answer){ found.refused, len, false };
	seen = read_options(tcp, (size_t)(tcp[12] / 16) * 4);
	if (seen.ao && !options->clamp_tcp_ao)
		return (struct oracle_answer){ "tcp_ao", len, false };
	if (has_tiny(tcp, &seen, limit, options)) {
		if (options->low_drops)
			return (struct oracle_answer){ "dropped", len, true };
		raise_options(tcp, found.ip_end - found.tcp, &seen, limit, options->low_below);
		lower_options(tcp, found.ip_end - found.tcp, &seen, limit);
		return (struct oracle_answer){ "raised", len, false };
	}
	if (lower_options(tcp, found.ip_end - found.tcp, &seen, limit))
		return (struct oracle_answer){ "clamped", len, false };
	if (seen.broken)
		return (struct oracle_answer){ "malformed_option", len, false };
	if (limit > 0 && options->insert_missing &&
	    may_insert(packet, len, capacity, &found, &seen)) {
		len = insert_option(packet, len, &found, limit < usual ? limit : usual);
		return (struct oracle_answer){ "inserted", len, false };
	}
	if (!seen.any_mss)
		return (struct oracle_answer){ "no_mss", len, false };
	return (struct oracle_answer){ limit == 0 ? "no_limit" : "already_small", len,
				       false };
}

bool oracle_tcp_checksum_right(const uint8_t *packet)
{
	bool ipv6 = packet[0] / 16 == 6;
	size_t tcp = ipv6 ? 40 : 20;
	size_t len = ipv6 ? word_at(packet, 4) : word_at(packet, 2) - 20;
	unsigned int sum = sum_words(packet + tcp, len) + 6 + (unsigned int)len;

	sum += ipv6 ? sum_words(packet + 8, 32) : sum_words(packet + 12, 8);
	return sum % 65535 == 0;
}
