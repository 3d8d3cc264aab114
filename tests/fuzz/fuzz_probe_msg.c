/* SPDX-License-Identifier: GPL-2.0-or-later */
/* layer: edge
 *
 * What recvmsg might give to a probe's socket. The first byte says which socket and queue, the next
 * two how long name and control messages are; those follow, and then what was received. Whatever it
 * is, only who has the nonce may say more than that a ttl was over. */
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>

#include "edge/probe/probe_table.h"

#define CHECK(condition) ((condition) ? (void)0 : abort())

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { IS_IPV6 = 1, IS_UDP = 2, IS_ERROR = 4, IS_CUT = 8 };

/* The probe that the seeds are about. */
static struct probe_awaited make_probe(enum family family, bool udp)
{
	const uint8_t four[4] = { 198, 51, 100, 2 };
	const uint8_t six[16] = { 0x20, 0x01, 0x0d, 0xb8, [5] = 2, [15] = 2 };
	struct probe_awaited probe = { .size = 1400, .udp = udp, .number = 40000 };

	probe.destination = address_from_bytes(family, family == FAMILY_IPV4 ? four : six);
	for (size_t i = 0; i < PROBE_NONCE_MAX; i++)
		probe.nonce[i] = (uint8_t)(0xa0 + i);
	return probe;
}

/* Takes len bytes, or what there is, into a buffer of exactly that length. */
static void *take_bytes(const uint8_t **data, size_t *size, size_t *len)
{
	uint8_t *copy;

	if (*len > *size)
		*len = *size;
	copy = malloc(*len + !*len);
	CHECK(copy);
	memcpy(copy, *data, *len);
	*data += *len;
	*size -= *len;
	return copy;
}

static void check_fit(const struct probe_awaited *probe, const struct msghdr *received,
		      size_t len, const struct probe_message *message)
{
	const uint8_t *bytes = received->msg_iov->iov_base;
	bool has_nonce = len > 0 && memmem(bytes, len, probe->nonce, PROBE_NONCE_MAX);
	struct probe_table table = { 0 };
	struct probe_awaited found;
	enum probe_heard_kind kind;

	probe_table_add(&table, probe);
	if (!probe_table_take(&table, message, &found, &kind))
		return;
	CHECK(has_nonce || kind == PROBE_HEARD_TIME_EXCEEDED);
	CHECK(kind != PROBE_HEARD_ANSWER ||
	      memcmp(&message->from, &probe->destination, sizeof(message->from)) == 0);
	CHECK(message->error || (message->size == probe->size && kind == PROBE_HEARD_ANSWER));
}

static void check_message(const struct msghdr *received, size_t len,
			  const struct probe_message *message)
{
	const uint8_t *bytes = received->msg_iov->iov_base;

	CHECK(message->nonce_len <= PROBE_NONCE_MAX);
	CHECK(message->nonce_len == 0 ||
	      (message->nonce >= bytes && message->nonce + message->nonce_len <= bytes + len));
	CHECK(message->from.family == message->family);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct probe_message message;
	struct msghdr received = { 0 };
	struct iovec vector;
	size_t name_len, control_len;
	struct probe_awaited probe;
	enum family family;
	uint8_t flags;
	int r;

	if (size < 3)
		return 0;
	flags = data[0];
	name_len = data[1];
	control_len = data[2];
	data += 3;
	size -= 3;
	family = flags & IS_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
	probe = make_probe(family, flags & IS_UDP);
	received.msg_name = take_bytes(&data, &size, &name_len);
	received.msg_namelen = (socklen_t)name_len;
	received.msg_control = take_bytes(&data, &size, &control_len);
	received.msg_controllen = control_len;
	received.msg_flags = flags & IS_CUT ? MSG_TRUNC : 0;
	vector.iov_len = size;
	vector.iov_base = take_bytes(&data, &size, &vector.iov_len);
	received.msg_iov = &vector;
	received.msg_iovlen = 1;
	r = flags & IS_ERROR ?
		    probe_msg_read_error(family, probe.udp, &received, vector.iov_len, &message) :
		    probe_msg_read_reply(family, probe.udp, &received, vector.iov_len, &message);
	if (r == 0) {
		check_message(&received, vector.iov_len, &message);
		check_fit(&probe, &received, vector.iov_len, &message);
	}
	free(received.msg_name);
	free(received.msg_control);
	free(vector.iov_base);
	return 0;
}
