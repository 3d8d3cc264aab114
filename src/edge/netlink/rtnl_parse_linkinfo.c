/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A row for each kind, a row for each of its attributes; what they mean together comes last. */
#include "edge/netlink/rtnl_linkinfo.h"

#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/if_tunnel.h>
#include <linux/ip6_tunnel.h>
#include <netinet/in.h>
#include <string.h>

#include "base/array.h"

/* IFLA_GRE_OFLAGS in host order: the first bits of the GRE header (RFC 2890). */
#define OFLAG_CSUM 0x8000
#define OFLAG_KEY 0x2000
#define OFLAG_SEQ 0x1000
#define OFLAGS_ALL (OFLAG_CSUM | OFLAG_KEY | OFLAG_SEQ)

#define FOU_BYTES 8         /* UDP */
#define GUE_BYTES 12        /* UDP 8 + GUE 4 */
#define GUE_REMCSUM_BYTES 8 /* private flags 4 + offsets 4 (net/ipv4/fou_core.c gue_encap_hlen) */

/* How an attribute is written. */
enum format { FLAG, U8, U16, U32, BE16, BE32, ADDRESS, ADDRESS4, ADDRESS6 };

/* The numbers that matter, whatever a kind calls them. */
enum value {
	PORT,
	FWMARK,
	EXTERNAL,     /* each packet carries its own outer header's data */
	LINK,
	GPE,
	INHERIT,      /* geneve: no inner Ethernet header */
	OFLAGS,
	TUNNEL_FLAGS, /* IP6_TNL_F_* */
	ENCAP_TYPE,   /* TUNNEL_ENCAP_* */
	ENCAP_FLAGS,
	ERSPAN,       /* its version */
	OUT_KEY,
	IF_ID,
	ICV,
	SCI,
	END_STATION,
	SINGLE_COPY,
	ETHERTYPE,
	INSIDE,       /* IPPROTO_* of the packets inside, 0 any */
	TUN_TYPE,
	VALUE_COUNT,
	/* addresses */
	LOCAL,
	REMOTE
};

struct field {
	uint16_t type;
	enum format format; /* ADDRESS: of the kind's outer family */
	enum value value;
};

static const struct field vxlan_fields[] = {
	{ IFLA_VXLAN_GROUP,            ADDRESS4, REMOTE },
	{ IFLA_VXLAN_GROUP6,           ADDRESS6, REMOTE },
	{ IFLA_VXLAN_LOCAL,            ADDRESS4, LOCAL },
	{ IFLA_VXLAN_LOCAL6,           ADDRESS6, LOCAL },
	{ IFLA_VXLAN_LINK,             U32,      LINK },
	{ IFLA_VXLAN_PORT,             BE16,     PORT },
	{ IFLA_VXLAN_COLLECT_METADATA, U8,       EXTERNAL },
	{ IFLA_VXLAN_GPE,              FLAG,     GPE },
};

static const struct field geneve_fields[] = {
	{ IFLA_GENEVE_REMOTE,              ADDRESS4, REMOTE },
	{ IFLA_GENEVE_REMOTE6,             ADDRESS6, REMOTE },
	{ IFLA_GENEVE_PORT,                BE16,     PORT },
	{ IFLA_GENEVE_COLLECT_METADATA,    FLAG,     EXTERNAL },
	{ IFLA_GENEVE_INNER_PROTO_INHERIT, FLAG,     INHERIT },
};

static const struct field gre_fields[] = {
	{ IFLA_GRE_OFLAGS,           BE16,    OFLAGS },
	{ IFLA_GRE_LOCAL,            ADDRESS, LOCAL },
	{ IFLA_GRE_REMOTE,           ADDRESS, REMOTE },
	{ IFLA_GRE_FLAGS,            U32,     TUNNEL_FLAGS },
	{ IFLA_GRE_ENCAP_TYPE,       U16,     ENCAP_TYPE },
	{ IFLA_GRE_ENCAP_FLAGS,      U16,     ENCAP_FLAGS },
	{ IFLA_GRE_COLLECT_METADATA, FLAG,    EXTERNAL },
	{ IFLA_GRE_FWMARK,           U32,     FWMARK },
	{ IFLA_GRE_ERSPAN_VER,       U8,      ERSPAN },
};

/* Of ipip and sit; ip6tnl has 32 bits of flags where sit has 16 that mean something else. */
#define IPTUN_FIELDS                                           \
	{ IFLA_IPTUN_LOCAL,            ADDRESS, LOCAL },       \
	{ IFLA_IPTUN_REMOTE,           ADDRESS, REMOTE },      \
	{ IFLA_IPTUN_ENCAP_TYPE,       U16,     ENCAP_TYPE },  \
	{ IFLA_IPTUN_ENCAP_FLAGS,      U16,     ENCAP_FLAGS }, \
	{ IFLA_IPTUN_COLLECT_METADATA, FLAG,    EXTERNAL },    \
	{ IFLA_IPTUN_FWMARK,           U32,     FWMARK }

static const struct field iptun_fields[] = { IPTUN_FIELDS };
static const struct field sit_fields[] = { IPTUN_FIELDS, { IFLA_IPTUN_PROTO, U8, INSIDE } };
static const struct field ip6tnl_fields[] = {
	IPTUN_FIELDS,
	{ IFLA_IPTUN_FLAGS, U32, TUNNEL_FLAGS },
};

static const struct field vti_fields[] = {
	{ IFLA_VTI_OKEY,   BE32,    OUT_KEY },
	{ IFLA_VTI_LOCAL,  ADDRESS, LOCAL },
	{ IFLA_VTI_REMOTE, ADDRESS, REMOTE },
	{ IFLA_VTI_FWMARK, U32,     FWMARK },
};

static const struct field xfrm_fields[] = {
	{ IFLA_XFRM_IF_ID,            U32,  IF_ID },
	{ IFLA_XFRM_COLLECT_METADATA, FLAG, EXTERNAL },
};

static const struct field macsec_fields[] = {
	{ IFLA_MACSEC_ICV_LEN, U8, ICV },
	{ IFLA_MACSEC_INC_SCI, U8, SCI },
	{ IFLA_MACSEC_ES,      U8, END_STATION },
	{ IFLA_MACSEC_SCB,     U8, SINGLE_COPY },
};

static const struct field bareudp_fields[] = {
	{ IFLA_BAREUDP_PORT,      BE16, PORT },
	{ IFLA_BAREUDP_ETHERTYPE, BE16, ETHERTYPE },
};

static const struct field tun_fields[] = {
	{ IFLA_TUN_TYPE, U8, TUN_TYPE },
};

/* Where a link's packets go to. */
enum far_ends {
	TOLD_ELSEWHERE, /* or there are none */
	ONE,            /* its data names one; where it does not, each packet has its own */
	MANY            /* each packet has its own */
};

struct kind {
	char name[LINK_KIND_MAX];
	enum encap_kind encap;
	uint8_t outer; /* 4 or 6; 0: the addresses tell, if anything does */
	enum far_ends far_ends;
	const struct field *fields;
	size_t count;
};

#define FIELDS(table) table, COUNT(table)

/* VTI and XFRM interfaces add nothing themselves: the SA does, and it is told elsewhere. So are the
 * far ends of WireGuard, OpenVPN and GTP. */
static const struct kind kinds[] = {
	{ "amneziawg",   ENCAP_AMNEZIAWG, 0, TOLD_ELSEWHERE, NULL, 0 },
	{ "bareudp",     ENCAP_BAREUDP,   0, MANY,           FIELDS(bareudp_fields) },
	{ "erspan",      ENCAP_ERSPAN,    4, ONE,            FIELDS(gre_fields) },
	{ "geneve",      ENCAP_GENEVE,    0, ONE,            FIELDS(geneve_fields) },
	{ "gre",         ENCAP_GRE,       4, ONE,            FIELDS(gre_fields) },
	{ "gretap",      ENCAP_GRETAP,    4, ONE,            FIELDS(gre_fields) },
	{ "gtp",         ENCAP_GTPU,      0, MANY,           NULL, 0 },
	{ "ip6erspan",   ENCAP_ERSPAN,    6, ONE,            FIELDS(gre_fields) },
	{ "ip6gre",      ENCAP_GRE,       6, ONE,            FIELDS(gre_fields) },
	{ "ip6gretap",   ENCAP_GRETAP,    6, ONE,            FIELDS(gre_fields) },
	{ "ip6tnl",      ENCAP_IP6TNL,    6, ONE,            FIELDS(ip6tnl_fields) },
	{ "ipip",        ENCAP_IPIP,      4, ONE,            FIELDS(iptun_fields) },
	{ "macsec",      ENCAP_MACSEC,    0, TOLD_ELSEWHERE, FIELDS(macsec_fields) },
	{ "ovpn",        ENCAP_OPENVPN,   0, TOLD_ELSEWHERE, NULL, 0 },
	{ "ovpn-dco",    ENCAP_OPENVPN,   0, TOLD_ELSEWHERE, NULL, 0 },
	{ "sit",         ENCAP_SIT,       4, ONE,            FIELDS(sit_fields) },
	{ "tun",         ENCAP_NONE,      0, TOLD_ELSEWHERE, FIELDS(tun_fields) },
	{ "vlan",        ENCAP_VLAN,      0, TOLD_ELSEWHERE, NULL, 0 },
	{ "vti",         ENCAP_NONE,      4, ONE,            FIELDS(vti_fields) },
	{ "vti6",        ENCAP_NONE,      6, ONE,            FIELDS(vti_fields) },
	{ "vxlan",       ENCAP_VXLAN,     0, ONE,            FIELDS(vxlan_fields) },
	{ "wireguard",   ENCAP_WIREGUARD, 0, TOLD_ELSEWHERE, NULL, 0 },
	{ "xfrm",        ENCAP_NONE,      0, TOLD_ELSEWHERE, FIELDS(xfrm_fields) },
};

/* A kind's data while it is read. */
struct info {
	const struct kind *kind;
	struct link *link;
	uint8_t outer; /* 4, 6, or 0: not known */
	uint32_t value[VALUE_COUNT]; /* host order, 0 where it was not said (INSIDE: IPv6) */
};

static bool is_multicast(const struct address *address)
{
	return address->family == FAMILY_IPV4 ? (address->bytes[0] & 0xf0) == 0xe0 :
						address->bytes[0] == 0xff;
}

/* The unspecified address says nothing; a multicast group at least which family it is. */
static void set_address(struct info *info, enum value which, const struct address *address)
{
	const uint8_t nowhere[ADDRESS_MAX] = { 0 };
	struct link *link = info->link;

	if (memcmp(address->bytes, nowhere, ADDRESS_MAX) == 0)
		return;
	info->outer = address->family == FAMILY_IPV4 ? 4 : 6;
	if (which == LOCAL) {
		link->has_local = true;
		link->local = *address;
	} else if (!is_multicast(address)) {
		link->has_remote = true;
		link->remote = *address;
	}
}

static int read_address(struct info *info, const struct field *field, const struct nl_attr *attr)
{
	bool six = field->format == ADDRESS6 ||
		   (field->format == ADDRESS && info->kind->outer == 6);
	enum family family = six ? FAMILY_IPV6 : FAMILY_IPV4;
	struct address address;

	if (attr->len < address_bytes(family))
		return -EBADMSG;
	address = address_from_bytes(family, attr->data);
	set_address(info, field->value, &address);
	return 0;
}

static int read_number(const struct nl_attr *attr, enum format format, uint32_t *ret_value)
{
	static const uint8_t sizes[] = { [U8] = 1, [U16] = 2, [U32] = 4, [BE16] = 2, [BE32] = 4 };
	size_t size = sizes[format];
	uint16_t small;

	if (attr->len < size)
		return -EBADMSG;
	if (format == U16) {
		memcpy(&small, attr->data, sizeof(small));
		*ret_value = small;
	} else if (format == U32) {
		memcpy(ret_value, attr->data, sizeof(*ret_value));
	} else {
		*ret_value = 0;
		for (size_t i = 0; i < size; i++)
			*ret_value = *ret_value << 8 | attr->data[i];
	}
	return 0;
}

static int take_field(const struct nl_attr *attr, void *userdata)
{
	struct info *info = userdata;

	for (size_t i = 0; i < info->kind->count; i++) {
		const struct field *field = &info->kind->fields[i];

		if (field->type != attr->type)
			continue;
		switch (field->format) {
		case FLAG:
			info->value[field->value] = 1;
			return 0;
		case ADDRESS:
		case ADDRESS4:
		case ADDRESS6:
			return read_address(info, field, attr);
		case U8:
		case U16:
		case U32:
		case BE16:
		case BE32:
			return read_number(attr, field->format, &info->value[field->value]);
		}
	}
	return 0;
}

/* GRE's options, and UDP around GRE and IP tunnels. */
static void conclude_ip_tunnel(const struct info *info, struct encap *encap)
{
	const uint32_t *value = info->value;
	bool gre = encap->kind == ENCAP_GRE || encap->kind == ENCAP_GRETAP;

	if (gre) { /* where each packet has its own flags, its route may ask for all */
		uint32_t flags = value[EXTERNAL] ? OFLAGS_ALL : value[OFLAGS];
		encap_set(encap, ENCAP_KEY_CSUM, (flags & OFLAG_CSUM) != 0);
		encap_set(encap, ENCAP_KEY_KEY, (flags & OFLAG_KEY) != 0);
		encap_set(encap, ENCAP_KEY_SEQ, (flags & OFLAG_SEQ) != 0);
	}
	/* net/ipv6/ip6_gre.c and ip6_tunnel.c: a limit of 0 is one too; external ones have none. */
	if (info->kind->outer == 6)
		encap_set(encap, ENCAP_KEY_ENCAP_LIMIT,
			  !value[EXTERNAL] && !(value[TUNNEL_FLAGS] & IP6_TNL_F_IGN_ENCAP_LIMIT));
	if (encap->kind == ENCAP_ERSPAN && !value[EXTERNAL])
		encap_set(encap, ENCAP_KEY_VERSION, (uint16_t)value[ERSPAN]);
	if (value[ENCAP_TYPE] == TUNNEL_ENCAP_FOU)
		encap_set(encap, ENCAP_KEY_FOU, FOU_BYTES);
	else if (value[ENCAP_TYPE] == TUNNEL_ENCAP_GUE)
		encap_set(encap, ENCAP_KEY_GUE,
			  GUE_BYTES + (value[ENCAP_FLAGS] & TUNNEL_ENCAP_FLAG_REMCSUM ?
				       GUE_REMCSUM_BYTES : 0));
	/* net/ipv6/sit.c: "mode any" carries IPv4 as well, "mode ipip" nothing else. */
	if (encap->kind == ENCAP_SIT && value[INSIDE] == IPPROTO_IPIP)
		encap->kind = ENCAP_IPIP;
	else if (encap->kind == ENCAP_SIT && value[INSIDE] != IPPROTO_IPV6)
		encap_set(encap, ENCAP_KEY_ANY, 1);
}

static void conclude_encap(const struct info *info, struct encap *encap)
{
	const uint32_t *value = info->value;
	uint32_t ethertype = value[ETHERTYPE];

	switch (encap->kind) {
	case ENCAP_VXLAN:
		encap_set(encap, ENCAP_KEY_GPE, value[GPE] != 0);
		break;
	case ENCAP_GENEVE:
		encap_set(encap, ENCAP_KEY_L3, value[INHERIT] != 0);
		break;
	case ENCAP_BAREUDP:
		/* One label at least: how many there are is the route's affair. */
		encap_set(encap, ENCAP_KEY_MPLS,
			  ethertype == ETH_P_MPLS_UC || ethertype == ETH_P_MPLS_MC);
		break;
	case ENCAP_MACSEC:
		/* drivers/net/macsec.c macsec_send_sci: with more than one receiver the SCI is sent
		 * unasked, and how many there are the link does not tell. */
		encap_set(encap, ENCAP_KEY_SCI,
			  value[SCI] || (!value[END_STATION] && !value[SINGLE_COPY]));
		if (value[ICV])
			encap_set(encap, ENCAP_KEY_ICV, (uint16_t)value[ICV]);
		break;
	case ENCAP_VLAN:
		encap_set(encap, ENCAP_KEY_TAGS, 1);
		break;
	case ENCAP_OPENVPN:
		encap_set(encap, ENCAP_KEY_DCO, 1);
		break;
	case ENCAP_GRE:
	case ENCAP_GRETAP:
	case ENCAP_ERSPAN:
	case ENCAP_IPIP:
	case ENCAP_IP6TNL:
	case ENCAP_SIT:
		conclude_ip_tunnel(info, encap);
		break;
	default:
		break;
	}
}

static void conclude(struct info *info)
{
	const uint32_t *value = info->value;
	struct link *link = info->link;

	link->per_flow = value[EXTERNAL] || info->kind->far_ends == MANY ||
			 (info->kind->far_ends == ONE && !link->has_remote);
	if (link->per_flow) {
		link->has_remote = false;
		link->remote = (struct address){ 0 };
	}
	link->remote_port = (uint16_t)value[PORT];
	link->fwmark = value[FWMARK];
	link->if_id = value[IF_ID];
	link->out_key = value[OUT_KEY];
	link->tap = value[TUN_TYPE] == IFF_TAP;
	if (value[LINK])
		link->lower_ifindex = value[LINK];
	link->encap.kind = info->kind->encap;
	/* vxlan_config_validate: without any address it is IPv4, unless packets choose. */
	if (link->encap.kind == ENCAP_VXLAN && !info->outer && !value[EXTERNAL])
		info->outer = 4;
	if (info->outer)
		encap_set(&link->encap, ENCAP_KEY_OUTER, info->outer);
	conclude_encap(info, &link->encap);
}

int rtnl_parse_linkinfo(const struct nl_attr *data, struct link *link)
{
	for (size_t i = 0; i < COUNT(kinds); i++) {
		struct info info = { &kinds[i], link, kinds[i].outer, { [INSIDE] = IPPROTO_IPV6 } };
		int r = 0;

		if (strcmp(kinds[i].name, link->kind) != 0)
			continue;
		if (data->data)
			r = nl_attr_walk_nest(data, take_field, &info);
		if (r == 0)
			conclude(&info);
		return r;
	}
	return 0;
}
