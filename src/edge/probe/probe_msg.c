/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/probe/probe_msg.h"

#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <time.h>

#include <linux/errqueue.h> /* needs struct timespec */

#include "base/array.h"
#include "core/wire.h"

#define ECHO_HEADER_LEN 8 /* RFC 792, RFC 4443 4.1: type, code, checksum, identifier, sequence */
#define UDP_HEADER_LEN 8  /* RFC 768 */
#define SEQUENCE_AT 6     /* bytes into the echo header */

static const uint8_t echo_request[FAMILY_COUNT] = { 8, 128 };
static const uint8_t echo_reply[FAMILY_COUNT] = { 0, 129 };

static uint32_t ip_header_len(enum family family)
{
	return family == FAMILY_IPV4 ? IPV4_HEADER_MIN : IPV6_HEADER_LEN;
}

/* Bytes that look random, the same ones for the same nonce: a multiplier and an increment of
 * Knuth's for 64 bits (TAOCP 3.3.4), of which the high bits are good. */
static void put_filler(uint8_t *pos, size_t len, const uint8_t nonce[PROBE_NONCE_MAX])
{
	uint64_t state = wire_get64(nonce);

	for (size_t i = 0; i < len; i++) {
		state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		pos[i] = (uint8_t)(state >> 56);
	}
}

size_t probe_msg_build(const struct probe_awaited *probe, uint8_t ret_bytes[PROBE_MSG_MAX])
{
	size_t len = probe->size - ip_header_len(probe->destination.family) -
		     (probe->udp ? UDP_HEADER_LEN : 0);
	uint8_t *pos = ret_bytes;

	if (!probe->udp) {
		memset(pos, 0, ECHO_HEADER_LEN);
		pos[0] = echo_request[probe->destination.family];
		wire_put16(pos + SEQUENCE_AT, probe->number);
		pos += ECHO_HEADER_LEN;
	}
	memcpy(pos, probe->nonce, PROBE_NONCE_MAX);
	pos += PROBE_NONCE_MAX;
	put_filler(pos, len - (size_t)(pos - ret_bytes), probe->nonce);
	return len;
}

/* An address and a port out of a struct sockaddr_in or sockaddr_in6. Returns 0, or -EBADMSG: too
 * short, or not of that family. */
static int read_sockaddr(enum family family, const void *bytes, size_t len,
			 struct address *ret_address, uint16_t *ret_port)
{
	struct sockaddr_in6 six;
	struct sockaddr_in four;

	if (family == FAMILY_IPV4) {
		uint8_t address[4];

		if (len < sizeof(four))
			return -EBADMSG;
		memcpy(&four, bytes, sizeof(four));
		memcpy(address, &four.sin_addr, sizeof(address));
		*ret_address = address_from_bytes(FAMILY_IPV4, address);
		*ret_port = ntohs(four.sin_port);
		return four.sin_family == AF_INET ? 0 : -EBADMSG;
	}
	if (len < sizeof(six))
		return -EBADMSG;
	memcpy(&six, bytes, sizeof(six));
	*ret_address = address_from_bytes(FAMILY_IPV6, six.sin6_addr.s6_addr);
	*ret_port = ntohs(six.sin6_port);
	return six.sin6_family == AF_INET6 ? 0 : -EBADMSG;
}

/* Number and nonce of an echo request or reply of that type; there may be less of it. */
static void read_echo(struct probe_message *message, uint8_t type, const uint8_t *bytes, size_t len)
{
	if (len < ECHO_HEADER_LEN || bytes[0] != type || bytes[1] != 0)
		return;
	message->has_number = true;
	message->number = wire_get16(bytes + SEQUENCE_AT);
	message->nonce = bytes + ECHO_HEADER_LEN;
	message->nonce_len = len - ECHO_HEADER_LEN;
}

/* No more of it than a nonce has. A router that quotes 8 bytes behind the IP header and has more to
 * say fills the quote up with zeros (RFC 4884 section 5.1): those are no nonce. */
static void trim_nonce(struct probe_message *message)
{
	static const uint8_t zeros[PROBE_NONCE_MAX];

	if (message->nonce_len > PROBE_NONCE_MAX)
		message->nonce_len = PROBE_NONCE_MAX;
	if (message->nonce_len > 0 && memcmp(message->nonce, zeros, message->nonce_len) == 0)
		message->nonce_len = 0;
}

int probe_msg_read_reply(enum family family, bool udp, const struct msghdr *received, size_t len,
			 struct probe_message *ret_message)
{
	struct probe_message message = { .family = family, .udp = udp };
	const uint8_t *bytes = received->msg_iov->iov_base;
	uint16_t port;

	if (udp)
		return -ENOENT;
	if (received->msg_flags & MSG_TRUNC || len < ECHO_HEADER_LEN ||
	    read_sockaddr(family, received->msg_name, received->msg_namelen, &message.from,
			  &port) < 0)
		return -EBADMSG;
	message.type = bytes[0];
	message.code = bytes[1];
	read_echo(&message, echo_reply[family], bytes, len);
	if (!message.has_number)
		return -ENOENT;
	trim_nonce(&message);
	message.size = (uint32_t)len + ip_header_len(family);
	*ret_message = message;
	return 0;
}

/* The control message of an error: copies what it says, returns the bytes of it behind that (the
 * address of who sent the error), or NULL where there is none that is whole. */
static const uint8_t *find_error(enum family family, const struct msghdr *received,
				 struct sock_extended_err *ret_error, size_t *ret_len)
{
	const uint8_t *end = (const uint8_t *)received->msg_control + received->msg_controllen;
	const int level = family == FAMILY_IPV4 ? SOL_IP : SOL_IPV6;
	const int type = family == FAMILY_IPV4 ? IP_RECVERR : IPV6_RECVERR;
	struct msghdr copy = *received;

	for (struct cmsghdr *at = CMSG_FIRSTHDR(&copy); at; at = CMSG_NXTHDR(&copy, at)) {
		const uint8_t *data = CMSG_DATA(at);

		if (at->cmsg_len > (size_t)(end - (const uint8_t *)at))
			return NULL;
		if (at->cmsg_level != level || at->cmsg_type != type)
			continue;
		if (at->cmsg_len < CMSG_LEN(sizeof(*ret_error)))
			return NULL;
		memcpy(ret_error, data, sizeof(*ret_error));
		*ret_len = at->cmsg_len - CMSG_LEN(sizeof(*ret_error));
		return data + sizeof(*ret_error);
	}
	return NULL;
}

/* What an ICMP error means to a probe: the first row that fits. Redirects and source quench are in
 * none: such a packet went on. */
#define ANY_CODE 256
static const struct {
	enum family family;
	uint8_t type;
	uint16_t code;
	enum probe_heard_kind kind;
} meanings[] = {
	{ FAMILY_IPV4, 3,  3,        PROBE_HEARD_ANSWER        }, /* port unreachable */
	{ FAMILY_IPV4, 3,  4,        PROBE_HEARD_TOO_BIG       }, /* RFC 1191 */
	{ FAMILY_IPV4, 3,  ANY_CODE, PROBE_HEARD_UNREACHABLE   },
	{ FAMILY_IPV4, 11, 0,        PROBE_HEARD_TIME_EXCEEDED }, /* in transit */
	{ FAMILY_IPV4, 12, ANY_CODE, PROBE_HEARD_UNREACHABLE   }, /* parameter problem */
	{ FAMILY_IPV6, 1,  4,        PROBE_HEARD_ANSWER        }, /* port unreachable */
	{ FAMILY_IPV6, 1,  ANY_CODE, PROBE_HEARD_UNREACHABLE   },
	{ FAMILY_IPV6, 2,  ANY_CODE, PROBE_HEARD_TOO_BIG       },
	{ FAMILY_IPV6, 3,  0,        PROBE_HEARD_TIME_EXCEEDED },
	{ FAMILY_IPV6, 3,  1,        PROBE_HEARD_UNREACHABLE   }, /* a piece did not come */
	{ FAMILY_IPV6, 4,  ANY_CODE, PROBE_HEARD_UNREACHABLE   },
};

static bool find_meaning(const struct probe_message *message, enum probe_heard_kind *ret_kind)
{
	for (size_t i = 0; i < COUNT(meanings); i++) {
		if (meanings[i].family != message->family || meanings[i].type != message->type ||
		    (meanings[i].code != ANY_CODE && meanings[i].code != message->code))
			continue;
		*ret_kind = meanings[i].kind;
		return true;
	}
	return false;
}

int probe_msg_read_error(enum family family, bool udp, const struct msghdr *received, size_t len,
			 struct probe_message *ret_message)
{
	const uint8_t icmp = family == FAMILY_IPV4 ? SO_EE_ORIGIN_ICMP : SO_EE_ORIGIN_ICMP6;
	struct probe_message message = { .family = family, .udp = udp, .error = true };
	const uint8_t *bytes = received->msg_iov->iov_base, *offender;
	struct sock_extended_err error;
	enum probe_heard_kind kind;
	size_t offender_len;
	uint16_t port;

	offender = find_error(family, received, &error, &offender_len);
	if (!offender)
		return -EBADMSG;
	if (error.ee_origin != icmp)
		return -ENOENT;
	message.type = error.ee_type;
	message.code = error.ee_code;
	message.mtu = error.ee_info;
	if (!find_meaning(&message, &kind))
		return -ENOENT;
	if (read_sockaddr(family, offender, offender_len, &message.from, &port) < 0 ||
	    read_sockaddr(family, received->msg_name, received->msg_namelen, &message.to,
			  &port) < 0)
		return -EBADMSG;
	if (udp) {
		message.has_number = true;
		message.number = port;
		message.nonce = bytes;
		message.nonce_len = len;
	} else {
		read_echo(&message, echo_request[family], bytes, len);
	}
	trim_nonce(&message);
	*ret_message = message;
	return 0;
}

bool probe_msg_is_refusal(enum family family, const struct msghdr *received)
{
	struct sock_extended_err error;
	size_t len;

	return find_error(family, received, &error, &len) &&
	       error.ee_origin == SO_EE_ORIGIN_LOCAL && error.ee_errno == EMSGSIZE;
}

/* Of an error. Port unreachable proves something only where the port was asked for, and only from
 * the host that has it: a firewall on the way says the same. */
static bool read_kind(const struct probe_awaited *probe, const struct probe_message *message,
		      enum probe_heard_kind *ret_kind)
{
	if (!find_meaning(message, ret_kind))
		return false;
	if (*ret_kind == PROBE_HEARD_ANSWER &&
	    (!probe->udp || !address_equal(&message->from, &probe->destination)))
		*ret_kind = PROBE_HEARD_UNREACHABLE;
	return true;
}

/* Whether all of the probe's marks that the message has are right. */
static bool names(const struct probe_message *message, const struct probe_awaited *probe)
{
	return message->family == probe->destination.family && message->udp == probe->udp &&
	       message->has_number && message->number == probe->number &&
	       (message->nonce_len == 0 ||
		memcmp(message->nonce, probe->nonce, message->nonce_len) == 0);
}

enum probe_fit probe_msg_judge(const struct probe_awaited *probe,
			       const struct probe_message *message, enum probe_heard_kind *ret_kind)
{
	enum probe_heard_kind kind = PROBE_HEARD_ANSWER;

	if (!names(message, probe))
		return PROBE_FIT_NONE;
	if (message->error ? !read_kind(probe, message, &kind) :
	    message->size != probe->size || !address_equal(&message->from, &probe->destination))
		return PROBE_FIT_NONE;
	if (message->nonce_len == PROBE_NONCE_MAX) {
		*ret_kind = kind;
		return PROBE_FIT_NONCE;
	}
	if (!message->error || kind != PROBE_HEARD_TIME_EXCEEDED ||
	    !address_equal(&message->to, &probe->destination))
		return PROBE_FIT_NONE;
	*ret_kind = kind;
	return PROBE_FIT_NUMBER;
}
