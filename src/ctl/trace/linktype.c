/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "ctl/trace/linktype.h"

#include <stdio.h>

#include "base/array.h"
#include "core/wire.h"

enum {
	ETHERTYPE_IPV4 = 0x0800,
	ETHERTYPE_VLAN = 0x8100,  /* IEEE 802.1Q */
	ETHERTYPE_QINQ = 0x88a8,  /* IEEE 802.1ad, the service tag */
	ETHERTYPE_QINQ_OLD = 0x9100, /* the service tag before 802.1ad */
	ETHERTYPE_IPV6 = 0x86dd,
};

#define VLAN_TAG_LEN 4 /* tag control 2 + EtherType of what follows 2 */

enum shape {
	SHAPE_UNKNOWN,   /* known by name only */
	SHAPE_IP,        /* the frame is an IP packet */
	SHAPE_ETHERTYPE, /* a header with an EtherType in it */
};

static const struct linktype {
	uint32_t number;
	const char *name;
	enum shape shape;
	uint8_t version;     /* IP version of SHAPE_IP; 0: as its first nibble says */
	uint8_t protocol_at; /* offset of the EtherType */
	uint8_t header_len;  /* bytes */
} linktypes[] = {
	{ 1, "ETHERNET", SHAPE_ETHERTYPE, 0, 12, 14 },
	{ 12, "RAW", SHAPE_IP, 0, 0, 0 }, /* what most systems number DLT_RAW */
	{ 14, "RAW", SHAPE_IP, 0, 0, 0 }, /* what OpenBSD numbers it */
	{ 101, "RAW", SHAPE_IP, 0, 0, 0 }, /* what files should say */
	{ 113, "LINUX_SLL", SHAPE_ETHERTYPE, 0, 14, 16 },
	{ 228, "IPV4", SHAPE_IP, 4, 0, 0 },
	{ 229, "IPV6", SHAPE_IP, 6, 0, 0 },
	{ 276, "LINUX_SLL2", SHAPE_ETHERTYPE, 0, 0, 20 },
	{ .number = 0, .name = "NULL" },
	{ .number = 3, .name = "AX25" },
	{ .number = 6, .name = "IEEE802_5" },
	{ .number = 8, .name = "SLIP" },
	{ .number = 9, .name = "PPP" },
	{ .number = 10, .name = "FDDI" },
	{ .number = 50, .name = "PPP_HDLC" },
	{ .number = 51, .name = "PPP_ETHER" },
	{ .number = 100, .name = "ATM_RFC1483" },
	{ .number = 104, .name = "C_HDLC" },
	{ .number = 105, .name = "IEEE802_11" },
	{ .number = 107, .name = "FRELAY" },
	{ .number = 108, .name = "LOOP" },
	{ .number = 109, .name = "ENC" },
	{ .number = 117, .name = "PFLOG" },
	{ .number = 119, .name = "IEEE802_11_PRISM" },
	{ .number = 127, .name = "IEEE802_11_RADIOTAP" },
	{ .number = 147, .name = "USER0" },
	{ .number = 163, .name = "IEEE802_11_AVS" },
	{ .number = 187, .name = "BLUETOOTH_HCI_H4" },
	{ .number = 189, .name = "USB_LINUX" },
	{ .number = 192, .name = "PPI" },
	{ .number = 195, .name = "IEEE802_15_4_WITHFCS" },
	{ .number = 203, .name = "LAPD" },
	{ .number = 204, .name = "PPP_WITH_DIR" },
	{ .number = 220, .name = "USB_LINUX_MMAPPED" },
	{ .number = 224, .name = "FC_2" },
	{ .number = 227, .name = "CAN_SOCKETCAN" },
	{ .number = 239, .name = "NFLOG" },
	{ .number = 240, .name = "NETANALYZER" },
	{ .number = 253, .name = "NETLINK" },
	{ .number = 258, .name = "PKTAP" },
};

static const struct linktype *find(uint32_t number)
{
	for (size_t i = 0; i < COUNT(linktypes); i++) {
		if (linktypes[i].number == number)
			return &linktypes[i];
	}
	return NULL;
}

const char *linktype_name(uint32_t link_type)
{
	const struct linktype *known = find(link_type);

	return known ? known->name : NULL;
}

bool linktype_is_supported(uint32_t link_type)
{
	const struct linktype *known = find(link_type);

	return known && known->shape != SHAPE_UNKNOWN;
}

void linktype_list_supported(char *text, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < COUNT(linktypes) && used < size; i++) {
		if (linktypes[i].shape != SHAPE_UNKNOWN)
			used += (size_t)snprintf(text + used, size - used, "%s%u (%s)",
						 used ? ", " : "", linktypes[i].number,
						 linktypes[i].name);
	}
}

static bool is_vlan_tag(uint16_t protocol)
{
	return protocol == ETHERTYPE_VLAN || protocol == ETHERTYPE_QINQ ||
	       protocol == ETHERTYPE_QINQ_OLD;
}

/* IP version by the EtherType behind all tags, 0 where it isn't IP. *at goes from the end of the
 * link header to the start of what that EtherType is about. */
static unsigned int read_ethertype(const struct linktype *type, const uint8_t *frame, size_t len,
				   size_t *at)
{
	uint16_t protocol;

	if (len < type->header_len)
		return 0;
	protocol = wire_get16(frame + type->protocol_at);
	while (is_vlan_tag(protocol)) {
		if (len - *at < VLAN_TAG_LEN)
			return 0;
		protocol = wire_get16(frame + *at + 2);
		*at += VLAN_TAG_LEN;
	}
	if (protocol == ETHERTYPE_IPV4)
		return 4;
	return protocol == ETHERTYPE_IPV6 ? 6 : 0;
}

bool linktype_find_ip(uint32_t link_type, const uint8_t *frame, size_t len, size_t *ret_offset)
{
	const struct linktype *type = find(link_type);
	unsigned int version;
	size_t at;

	if (!type || type->shape == SHAPE_UNKNOWN)
		return false;
	at = type->header_len;
	version = type->version;
	if (type->shape == SHAPE_ETHERTYPE) {
		version = read_ethertype(type, frame, len, &at);
		if (version == 0)
			return false;
	}
	/* One version said above a packet of the other: not what it claims to be. */
	if (version != 0 && at < len && frame[at] >> 4 != version)
		return false;
	*ret_offset = at;
	return true;
}
