/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/tune/iperf_result.h"

#include <errno.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ctl/screen/field.h"

/* A number that can be shown; what is none, negative or endless is 0. */
static double sane(const json_t *object, const char *key)
{
	double value = field_real(object, key, 0);

	return isfinite(value) && value > 0 ? value : 0;
}

static uint64_t retransmissions_of(const json_t *sent)
{
	const json_t *value = json_object_get(sent, "retransmits");

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return IPERF_UNKNOWN;
	return (uint64_t)json_integer_value(value);
}

static uint32_t mss_of(const json_t *start)
{
	uint64_t mss = field_count(start, "tcp_mss");

	if (mss == 0)
		mss = field_count(start, "tcp_mss_default");
	return mss <= UINT16_MAX ? (uint32_t)mss : 0;
}

/* Of the last second; told where this host sends. */
static uint32_t path_mtu_of(const json_t *root)
{
	const json_t *intervals = json_object_get(root, "intervals");
	const json_t *last = json_array_get(intervals, json_array_size(intervals) - 1);
	const json_t *stream = json_array_get(json_object_get(last, "streams"), 0);
	uint64_t mtu = field_count(stream, "pmtu");

	return mtu <= UINT16_MAX ? (uint32_t)mtu : 0;
}

static int read_answer(const json_t *root, struct iperf_result *ret_result, char *why, size_t size)
{
	const json_t *start = json_object_get(root, "start"), *end = json_object_get(root, "end");
	const json_t *sent = json_object_get(end, "sum_sent");
	const json_t *received = json_object_get(end, "sum_received");
	const json_t *connected = json_object_get(start, "connected");
	const char *error = field_string(root, "error", NULL);
	struct iperf_result result = { .retransmissions = IPERF_UNKNOWN };

	if (error) {
		snprintf(why, size, "%s", error);
		return -EREMOTEIO;
	}
	if (!json_is_object(sent) || !json_is_object(received)) {
		snprintf(why, size, "the answer of iperf3 has no sums");
		return -EBADMSG;
	}
	result.received_bits_per_second = sane(received, "bits_per_second");
	result.sent_bytes = field_count(sent, "bytes");
	result.retransmissions = retransmissions_of(sent);
	result.mss = mss_of(start);
	result.path_mtu = path_mtu_of(root);
	snprintf(result.remote, sizeof(result.remote), "%s",
		 field_string(json_array_get(connected, 0), "remote_host", ""));
	*ret_result = result;
	return 0;
}

int iperf_result_parse(const char *text, struct iperf_result *ret_result, char *why, size_t size)
{
	json_error_t error;
	json_t *root = json_loads(text, 0, &error);
	int r;

	if (!json_is_object(root)) {
		snprintf(why, size, "the answer of iperf3 is no JSON object%s%s",
			 root ? "" : ": ", root ? "" : error.text);
		json_decref(root);
		return -EBADMSG;
	}
	r = read_answer(root, ret_result, why, size);
	json_decref(root);
	return r;
}
