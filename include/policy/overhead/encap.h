/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One layer of a tunnel: what wraps a packet, and the parameters that its size depends on.
 *
 * The kinds and keys are those of `mssclampctl calc`; discovery fills the same struct from the
 * kernel, so that both reckon with the same table. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Every kind, in the order in which people see them: its name here, and the word for it in calc and
 * in the configuration. The row of the bytes that it takes is overhead_WORD. */
#define ENCAP_KINDS(kind) \
	kind(WIREGUARD, wireguard) kind(AMNEZIAWG, amneziawg) kind(OPENVPN, openvpn) \
	kind(ESP, esp) kind(AH, ah) kind(GRE, gre) kind(GRETAP, gretap) kind(ERSPAN, erspan) \
	kind(IPIP, ipip) kind(SIT, sit) kind(IP6TNL, ip6tnl) kind(VXLAN, vxlan) \
	kind(GENEVE, geneve) kind(BAREUDP, bareudp) kind(GTPU, gtpu) kind(L2TP2, l2tp2) \
	kind(L2TP2_KERNEL, l2tp2_kernel) kind(L2TP3ETH, l2tp3eth) kind(PPTP, pptp) \
	kind(PPPOE, pppoe) kind(MACSEC, macsec) kind(MPLS, mpls) kind(VLAN, vlan) \
	kind(FASTD, fastd) kind(TRANSLATE46, translate46) kind(ROUTE, route)

enum encap_kind {
	ENCAP_NONE, /* not wrapped, or nobody knows how */
#define ENCAP_KIND(name, word) ENCAP_##name,
	ENCAP_KINDS(ENCAP_KIND)
#undef ENCAP_KIND
	ENCAP_KIND_COUNT
};

enum encap_key {
	ENCAP_KEY_OUTER,       /* 4 or 6: IP version of this layer's outer header */
	ENCAP_KEY_IFMTU,       /* bytes: MTU of the interface */
	ENCAP_KEY_S4,          /* bytes of AmneziaWG junk before each transport packet */
	ENCAP_KEY_MODE,        /* word: aead cbc none (openvpn), tunnel transport (esp, ah) */
	ENCAP_KEY_CIPHER,      /* name; calc only, discovery sets iv hmac block */
	ENCAP_KEY_AUTH,        /* name of a digest, likewise */
	ENCAP_KEY_HMAC,        /* bytes: HMAC of OpenVPN; ICV of ESP and AH */
	ENCAP_KEY_IV,          /* bytes */
	ENCAP_KEY_BLOCK,       /* bytes, 1 without padding */
	ENCAP_KEY_TLS,         /* flag */
	ENCAP_KEY_PEER_ID,     /* flag */
	ENCAP_KEY_EPOCH,       /* flag */
	ENCAP_KEY_COMP,        /* flag */
	ENCAP_KEY_FRAGMENT,    /* flag */
	ENCAP_KEY_TAP,         /* flag */
	ENCAP_KEY_SOCKS,       /* flag */
	ENCAP_KEY_PROTO,       /* word: udp tcp */
	ENCAP_KEY_DCO,         /* flag */
	ENCAP_KEY_ENCAP,       /* word: none udp tcp (esp) */
	ENCAP_KEY_KEY,         /* flag */
	ENCAP_KEY_CSUM,        /* flag */
	ENCAP_KEY_SEQ,         /* flag */
	ENCAP_KEY_ENCAP_LIMIT, /* flag */
	ENCAP_KEY_VERSION,     /* number: ERSPAN 0, 1 or 2 */
	ENCAP_KEY_FOU,         /* bytes of UDP around it */
	ENCAP_KEY_GUE,         /* bytes of UDP and GUE around it */
	ENCAP_KEY_GPE,         /* flag */
	ENCAP_KEY_INNER_VLAN,  /* flag */
	ENCAP_KEY_OPTS,        /* bytes */
	ENCAP_KEY_L3,          /* flag: no inner Ethernet header */
	ENCAP_KEY_MPLS,        /* flag or labels, see the table */
	ENCAP_KEY_PPP,         /* bytes */
	ENCAP_KEY_LENGTH,      /* flag */
	ENCAP_KEY_UDP,         /* flag */
	ENCAP_KEY_L2SPEC,      /* flag */
	ENCAP_KEY_COOKIE,      /* bytes */
	ENCAP_KEY_ACK,         /* flag */
	ENCAP_KEY_MPPE,        /* flag */
	ENCAP_KEY_SCI,         /* flag */
	ENCAP_KEY_ICV,         /* bytes */
	ENCAP_KEY_LABELS,      /* number */
	ENCAP_KEY_TAGS,        /* number */
	ENCAP_KEY_METHOD,      /* bytes */
	ENCAP_KEY_MTU,         /* bytes */
	ENCAP_KEY_ALIGN4,      /* flag: AH over IPv4 fills up to 4, not 8 (XFRM_STATE_ALIGN4) */
	ENCAP_KEY_ANY,         /* flag: SIT that carries IPv4 too; of devices, not of calc */
	ENCAP_KEY_COUNT
};
_Static_assert(ENCAP_KEY_COUNT <= 64, "a bit for each key");

struct encap {
	enum encap_kind kind;
	uint64_t given; /* 1 << key: value was set; else the kind's default holds */
	uint16_t value[ENCAP_KEY_COUNT]; /* by the key's unit; words by their place */
};

static inline bool encap_has(const struct encap *encap, enum encap_key key)
{
	return encap->given >> key & 1;
}

static inline void encap_set(struct encap *encap, enum encap_key key, uint16_t value)
{
	encap->given |= UINT64_C(1) << key;
	encap->value[key] = value;
}

/* Whether two stacks have the same layers, with the same values, in the same order. */
bool encap_stacks_equal(const struct encap *a, size_t a_count, const struct encap *b,
			size_t b_count);

/* Values of the words, for those who set them from the kernel's facts. */
enum encap_mode { /* openvpn */
	ENCAP_MODE_AEAD,
	ENCAP_MODE_CBC,
	ENCAP_MODE_PLAIN, /* not encrypted */
	ENCAP_MODE_CFB,   /* CFB and OFB: the packet id is in the IV, nothing is filled up */
};
enum encap_ip_mode { ENCAP_MODE_TUNNEL, ENCAP_MODE_TRANSPORT };         /* esp, ah */
enum encap_proto { ENCAP_PROTO_UDP, ENCAP_PROTO_TCP };
enum encap_esp_encap { ENCAP_ESP_PLAIN, ENCAP_ESP_UDP, ENCAP_ESP_TCP };

/* The name of a kind in calc, the configuration and `tunnels`: "wireguard"; "none" for
 * ENCAP_NONE. */
const char *encap_kind_name(enum encap_kind kind);
/* Returns ENCAP_NONE where there is no such kind. */
enum encap_kind encap_kind_find(const char *name);

/* Algorithms as the kernel names them in an SA: "rfc4106(gcm(aes))", "cbc(aes)", "hmac(sha256)".
 * Each sets IV, BLOCK and HMAC as far as that algorithm decides them; icv and trunc are bits, as in
 * struct xfrm_algo_aead and xfrm_algo_auth; trunc 0 is the kernel's own length. Return 0, or
 * -ENOENT for a name nobody knows (nothing is set then). */
int encap_set_kernel_aead(struct encap *encap, const char *name, uint32_t icv_bits);
int encap_set_kernel_cipher(struct encap *encap, const char *name);
int encap_set_kernel_auth(struct encap *encap, const char *name, uint32_t trunc_bits);

/* Cipher and digest as OpenVPN writes them ("AES-256-GCM", "BF-CBC", "none"; "SHA256", "none"), any
 * case: sets MODE, IV, BLOCK and HMAC. auth may be NULL (SHA1, OpenVPN's default); it counts only
 * where the cipher does not authenticate. Returns 0, or -ENOENT with nothing set. */
int encap_set_openvpn_cipher(struct encap *encap, const char *cipher, const char *auth);
/* The digest alone: sets HMAC. Returns as above. */
int encap_set_openvpn_auth(struct encap *encap, const char *auth);
/* Cipher and digest of ESP as calc and the configuration write them ("AES-GCM-16", "AES-256-CBC";
 * "SHA256-128", "HMAC-SHA1-96"), any case, with the length of the key or without: sets IV, BLOCK
 * and HMAC. auth may be NULL (none) and counts only where the cipher does not authenticate.
 * Returns as above. */
int encap_set_esp_cipher(struct encap *encap, const char *cipher, const char *auth);
/* A digest of ESP or AH alone: sets HMAC. Returns as above. */
int encap_set_esp_auth(struct encap *encap, const char *auth);
