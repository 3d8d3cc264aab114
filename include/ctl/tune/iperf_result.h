/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What iperf3 --json answers (iperf 3.1 and later). Pure. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#define IPERF_UNKNOWN UINT64_MAX

struct iperf_result {
	double received_bits_per_second;
	uint64_t sent_bytes;
	uint64_t retransmissions; /* IPERF_UNKNOWN where the sender's system does not count them */
	uint32_t mss;             /* bytes of payload it found or was told, 0: not told */
	uint32_t path_mtu;        /* bytes, what the sender's kernel had at the end, 0: not told */
	char remote[64];          /* the address behind the name, "" where it is not told */
};

/* Reads an answer. Returns 0; -EREMOTEIO where iperf3 failed, with its words in why; -EBADMSG where
 * it is no answer, with what is wrong in why. */
int iperf_result_parse(const char *text, struct iperf_result *ret_result, char *why, size_t size);
