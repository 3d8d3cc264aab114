/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Set alive in netlink's language: one transaction, for where no packet can refresh it. */
#include <endian.h>
#include <libmnl/libmnl.h>
#include <libnftnl/common.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>

#include "edge/firewall/heartbeat_text.h"
#include "edge/firewall/nft.h"

#define MS_PER_SECOND 1000u

/* What is written so far, and the number of the next message. */
struct batch {
	char *buffer;
	size_t len;
	uint32_t sequence;
};

static void batch_begin(struct batch *batch)
{
	batch->len = nftnl_batch_begin(batch->buffer, batch->sequence++)->nlmsg_len;
}

static size_t batch_end(struct batch *batch)
{
	return batch->len +
	       nftnl_batch_end(batch->buffer + batch->len, batch->sequence++)->nlmsg_len;
}

static void put_element(struct nlmsghdr *message, uint8_t family, uint64_t timeout_ms)
{
	struct nlattr *element = mnl_attr_nest_start(message, NFTA_LIST_ELEM);
	struct nlattr *key = mnl_attr_nest_start(message, NFTA_SET_ELEM_KEY);

	mnl_attr_put(message, NFTA_DATA_VALUE, sizeof(family), &family);
	mnl_attr_nest_end(message, key);
	if (timeout_ms)
		mnl_attr_put_u64(message, NFTA_SET_ELEM_TIMEOUT, htobe64(timeout_ms));
	mnl_attr_nest_end(message, element);
}

/* type: NFT_MSG_NEWSETELEM or DELSETELEM; without families it speaks of all elements. */
static void batch_add(struct batch *batch, uint16_t type, uint16_t flags, const uint8_t *families,
		      size_t count, uint64_t timeout_ms)
{
	struct nlmsghdr *message = nftnl_nlmsg_build_hdr(batch->buffer + batch->len, type,
							 NFPROTO_INET, flags, batch->sequence++);
	struct nlattr *list;

	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	mnl_attr_put_strz(message, NFTA_SET_ELEM_LIST_SET, HEARTBEAT_SET);
	if (count > 0) {
		list = mnl_attr_nest_start(message, NFTA_SET_ELEM_LIST_ELEMENTS);
		for (size_t i = 0; i < count; i++)
			put_element(message, families[i], timeout_ms);
		mnl_attr_nest_end(message, list);
	}
	batch->len += message->nlmsg_len;
}

/* To delete one that is not there would fail, so it is added first. */
size_t heartbeat_msg_refresh(void *buffer, const uint8_t *families, size_t count)
{
	const uint64_t timeout_ms = (uint64_t)HEARTBEAT_WRITTEN_SECONDS * MS_PER_SECOND;
	struct batch batch = { .buffer = buffer };

	batch_begin(&batch);
	batch_add(&batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE, families, count, timeout_ms);
	batch_add(&batch, NFT_MSG_DELSETELEM, 0, families, count, 0);
	batch_add(&batch, NFT_MSG_NEWSETELEM, NLM_F_CREATE | NLM_F_ACK, families, count,
		  timeout_ms);
	return batch_end(&batch);
}

size_t heartbeat_msg_stop(void *buffer)
{
	struct batch batch = { .buffer = buffer };

	batch_begin(&batch);
	batch_add(&batch, NFT_MSG_DELSETELEM, NLM_F_ACK, NULL, 0, 0);
	return batch_end(&batch);
}
