/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "policy/overhead/overhead_table.h"

#include <string.h>

static const struct overhead_key keys[ENCAP_KEY_COUNT] = {
	/* key                          name           type           min max   bare */
	[ENCAP_KEY_OUTER]       = { "outer",       OVERHEAD_NUMBER,  4, 6,     0  },
	[ENCAP_KEY_IFMTU]       = { "ifmtu",       OVERHEAD_BYTES,  68, 65535, 0  },
	[ENCAP_KEY_S4]          = { "s4",          OVERHEAD_BYTES,   0, 1500,  0  },
	[ENCAP_KEY_MODE]        = { "mode",        OVERHEAD_WORD,    0, 0,     0  },
	[ENCAP_KEY_CIPHER]      = { "cipher",      OVERHEAD_NAME,    0, 0,     0  },
	[ENCAP_KEY_AUTH]        = { "auth",        OVERHEAD_NAME,    0, 0,     0  },
	[ENCAP_KEY_HMAC]        = { "hmac",        OVERHEAD_BYTES,   0, 128,   0  },
	[ENCAP_KEY_IV]          = { "iv",          OVERHEAD_BYTES,   0, 64,    0  },
	[ENCAP_KEY_BLOCK]       = { "block",       OVERHEAD_BYTES,   0, 128,   0  },
	[ENCAP_KEY_TLS]         = { "tls",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_PEER_ID]     = { "peer_id",     OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_EPOCH]       = { "epoch",       OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_COMP]        = { "comp",        OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_FRAGMENT]    = { "fragment",    OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_TAP]         = { "tap",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_SOCKS]       = { "socks",       OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_PROTO]       = { "proto",       OVERHEAD_WORD,    0, 0,     0  },
	[ENCAP_KEY_DCO]         = { "dco",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_ENCAP]       = { "encap",       OVERHEAD_WORD,    0, 0,     0  },
	[ENCAP_KEY_KEY]         = { "key",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_CSUM]        = { "csum",        OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_SEQ]         = { "seq",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_ENCAP_LIMIT] = { "encap_limit", OVERHEAD_FLAG,    0, 255,   1  },
	[ENCAP_KEY_VERSION]     = { "version",     OVERHEAD_NUMBER,  0, 2,     0  },
	[ENCAP_KEY_FOU]         = { "fou",         OVERHEAD_BYTES,   0, 128,   8  },
	[ENCAP_KEY_GUE]         = { "gue",         OVERHEAD_BYTES,   0, 144,   12 },
	[ENCAP_KEY_GPE]         = { "gpe",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_INNER_VLAN]  = { "inner_vlan",  OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_OPTS]        = { "opts",        OVERHEAD_BYTES,   0, 1024,  0  },
	[ENCAP_KEY_L3]          = { "l3",          OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_MPLS]        = { "mpls",        OVERHEAD_NUMBER,  0, 32,    1  },
	[ENCAP_KEY_PPP]         = { "ppp",         OVERHEAD_BYTES,   0, 64,    0  },
	[ENCAP_KEY_LENGTH]      = { "length",      OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_UDP]         = { "udp",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_L2SPEC]      = { "l2spec",      OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_COOKIE]      = { "cookie",      OVERHEAD_BYTES,   0, 8,     0  },
	[ENCAP_KEY_ACK]         = { "ack",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_MPPE]        = { "mppe",        OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_SCI]         = { "sci",         OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_ICV]         = { "icv",         OVERHEAD_BYTES,   0, 128,   0  },
	[ENCAP_KEY_LABELS]      = { "labels",      OVERHEAD_NUMBER,  0, 32,    1  },
	[ENCAP_KEY_TAGS]        = { "tags",        OVERHEAD_NUMBER,  0, 8,     1  },
	[ENCAP_KEY_METHOD]      = { "method",      OVERHEAD_BYTES,   0, 255,   0  },
	[ENCAP_KEY_MTU]         = { "mtu",         OVERHEAD_BYTES,  68, 65535, 0  },
	[ENCAP_KEY_ALIGN4]      = { "align4",      OVERHEAD_FLAG,    0, 1,     1  },
	[ENCAP_KEY_ANY]         = { "any",         OVERHEAD_FLAG,    0, 1,     1  },
};

static const struct overhead_row *const rows[ENCAP_KIND_COUNT] = {
	[ENCAP_NONE] = &overhead_none,
#define ROW(name, word) [ENCAP_##name] = &overhead_##word,
	ENCAP_KINDS(ROW)
#undef ROW
};

const struct overhead_key *overhead_key(enum encap_key key)
{
	return &keys[key];
}

enum encap_key overhead_key_find(const char *name)
{
	size_t key = 0;

	while (key < ENCAP_KEY_COUNT && strcmp(keys[key].name, name) != 0)
		key++;
	return (enum encap_key)key;
}

const struct overhead_row *overhead_row(enum encap_kind kind)
{
	return rows[kind];
}

const struct overhead_use *overhead_use(enum encap_kind kind, enum encap_key key)
{
	for (const struct overhead_use *use = rows[kind]->uses; use->help; use++)
		if (use->key == key)
			return use;
	return NULL;
}
