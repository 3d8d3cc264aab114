/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "edge/firewall/mark.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "edge/firewall/firewall.h"
#include "edge/firewall/mark_text.h"
#include "edge/firewall/nft.h"
#include "edge/firewall/nft_kept.h"

#define OBJECTS_MAX (2 * (size_t)MARK_HOOKS)

struct mark {
	unsigned int hooks;    /* of the last plan that was put in force */
	struct nft_kept kept;
};

int mark_open(struct mark **ret_mark, char **ret_error)
{
	struct mark *mark = calloc(1, sizeof(*mark));
	int r;

	if (!mark)
		return text_fail(ret_error, -ENOMEM, "nftables: out of memory");
	r = nft_script_try(mark_text_try, ret_error);
	if (r < 0) {
		free(mark);
		return r;
	}
	*ret_mark = mark;
	return 0;
}

void mark_close(struct mark *mark)
{
	if (!mark)
		return;
	nft_kept_done(&mark->kept);
	free(mark);
}

/* Returns how many there are. */
static size_t objects_of(const struct mark *mark, struct nft_object objects[OBJECTS_MAX])
{
	size_t count = 0;

	for (size_t i = 0; i < MARK_HOOKS; i++) {
		if (mark_text_has_own_map(i))
			objects[count++] = (struct nft_object){ "map", mark_hooks[i].map, 0 };
		if (mark->hooks & mark_hooks[i].hook)
			objects[count++] = (struct nft_object){ "chain", mark_hooks[i].chain, 0 };
	}
	return count;
}

static void write_plan(const void *of, bool anew, FILE *out)
{
	const struct mark_plan *plan = of;

	if (anew)
		fputs("add table inet " NFT_TABLE "\n", out);
	for (size_t i = 0; i < MARK_HOOKS; i++) {
		const char *chain = mark_hooks[i].chain;

		if (anew && plan->hooks & mark_hooks[i].hook)
			nft_write_chain_end(chain, out);
		else if (!(plan->hooks & mark_hooks[i].hook))
			(void)nft_write_chain_empty(chain, out, NULL);
	}
	mark_print(plan, out);
}

int mark_apply(struct mark *mark, const struct mark_plan *plan, char **ret_error)
{
	struct nft_object objects[OBJECTS_MAX];
	size_t count;

	mark->hooks = plan->hooks;
	count = objects_of(mark, objects);
	return nft_kept_apply(&mark->kept, "mark_*", write_plan, plan, objects, count, ret_error);
}

int mark_check(struct mark *mark, bool *ret_ok, FILE *diff, char **ret_error)
{
	struct nft_object objects[OBJECTS_MAX];
	size_t count = objects_of(mark, objects);

	return nft_kept_check(&mark->kept, "mark mode", objects, count, ret_ok, diff, ret_error);
}

bool mark_is_news(const struct mark *mark)
{
	return nft_kept_is_news(&mark->kept);
}

static int write_clearing(FILE *out, char **ret_error)
{
	int r = 0;

	for (size_t i = 0; i < MARK_HOOKS && r == 0; i++)
		r = nft_write_chain_empty(mark_hooks[i].chain, out, ret_error);
	return r;
}

int mark_clear(char **ret_error)
{
	return nft_clear(write_clearing, ret_error);
}
