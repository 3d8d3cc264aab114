/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <errno.h>
#include <string.h>

#include "base/array.h"
#include "edge/netlink/genl.h"
#include "genl_messages.h"
#include "rtnl_message.h"

#define HEADER sizeof(struct genlmsghdr)

static const struct {
	const char *name;
	const uint8_t *bytes;
	size_t len;
	const char *family, *group;
	uint16_t id;
	uint32_t group_id;
} rows[] = {
	{ "with the group",     RECORDED(family_l2tp), "l2tp", "l2tp", 33, 9 },
	{ "without commands",   RECORDED(family_acpi_event), "acpi_event", "acpi_mc_group", 26, 6 },
	{ "no group wanted",    RECORDED(family_l2tp), "l2tp", NULL, 33, 0 },
	{ "another group",      RECORDED(family_l2tp), "l2tp", "l2t", 33, 0 },
	{ "it has none",        RECORDED(family_wireguard), "wireguard", "peers", 32, 0 },
	{ "another family",     RECORDED(family_wireguard), "wire", NULL, 1, 2 },
	{ "the controller",     RECORDED(family_nlctrl), "nlctrl", "notify", 16, 16 },
};

static void test_families(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct nlmsghdr *message = copy_message(rows[i].bytes, rows[i].len);
		struct genl_family families[] = {
			{ .name = "none", .id = 1, .group_id = 2 },
			{ .name = rows[i].family, .group = rows[i].group, .id = 1, .group_id = 2 },
		};

		assert_int_equal(genl_parse_family(message, families, COUNT(families)), 0);
		if (families[1].id != rows[i].id || families[1].group_id != rows[i].group_id)
			fail_msg("%s: %u, %u", rows[i].name, families[1].id, families[1].group_id);
		assert_int_equal(families[0].id, 1);
		assert_true(genl_is_family_event(message));
		free(message);
	}
}

/* What a message cut to len must give: the kernel writes the name first, and then the number. */
static int cut_result(size_t row, size_t len)
{
	const size_t before = NLMSG_HDRLEN + HEADER;
	const struct nlattr *name = (const struct nlattr *)(const void *)(rows[row].bytes + before);
	size_t name_end = before + name->nla_len;
	size_t id_end = before + NLMSG_ALIGN((size_t)name->nla_len) + 4 + 2;

	if (!ends_with_attribute(rows[row].bytes, HEADER, len))
		return -EBADMSG;
	return rows[row].id > 1 && len >= name_end && len < id_end ? -EBADMSG : 0;
}

static void test_cut_anywhere(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		for (size_t len = NLMSG_HDRLEN; len < rows[i].len; len++) {
			struct nlmsghdr *message = copy_message(rows[i].bytes, len);
			struct genl_family family = { .name = rows[i].family,
						      .group = rows[i].group, .id = 1 };
			int r = genl_parse_family(message, &family, 1);

			if (r != cut_result(i, len))
				fail_msg("%s cut to %zu: %d", rows[i].name, len, r);
			if (r < 0)
				assert_int_equal(family.id, 1);
			free(message);
		}
	}
}

static void test_other_messages(void **state)
{
	const struct { uint16_t type; uint8_t command; bool event; } others[] = {
		{ GENL_ID_CTRL, CTRL_CMD_DELFAMILY, true },
		{ GENL_ID_CTRL, CTRL_CMD_NEWMCAST_GRP, false },
		{ GENL_ID_CTRL + 1, CTRL_CMD_NEWFAMILY, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct nlmsghdr *message = copy_message(RECORDED(family_l2tp));
		struct genlmsghdr *header = NLMSG_DATA(message);
		struct genl_family family = { .name = "l2tp", .id = 1 };

		message->nlmsg_type = others[i].type;
		header->cmd = others[i].command;
		assert_int_equal(genl_parse_family(message, &family, 1), 0);
		assert_int_equal(family.id, 1);
		assert_int_equal(genl_is_family_event(message), others[i].event);
		free(message);
	}
}

/* A number below those of families is none: it would be sent as a control message. */
static void test_impossible_number(void **state)
{
	struct nlmsghdr *message = copy_message(RECORDED(family_l2tp));
	uint16_t *id = memmem(message, message->nlmsg_len, "\x06\0\x01\0\x21\0", 6);
	struct genl_family family = { .name = "l2tp", .id = 1 };

	(void)state;
	assert_non_null(id);
	id[2] = NLMSG_MIN_TYPE - 1;
	assert_int_equal(genl_parse_family(message, &family, 1), -EBADMSG);
	assert_int_equal(family.id, 1);
	free(message);
}

/* What one group lacks is not taken from the one before. */
static void test_halves_of_groups(void **state)
{
	_Alignas(struct nlmsghdr) uint8_t bytes[256];
	struct nlmsghdr *message = mnl_nlmsg_put_header(bytes);
	struct genlmsghdr *header = mnl_nlmsg_put_extra_header(message, sizeof(*header));
	struct genl_family family = { .name = "l2tp", .group = "l2tp" };
	struct nlattr *groups, *group;

	(void)state;
	message->nlmsg_type = GENL_ID_CTRL;
	header->cmd = CTRL_CMD_NEWFAMILY;
	mnl_attr_put_strz(message, CTRL_ATTR_FAMILY_NAME, "l2tp");
	mnl_attr_put_u16(message, CTRL_ATTR_FAMILY_ID, 33);
	groups = mnl_attr_nest_start(message, CTRL_ATTR_MCAST_GROUPS);
	group = mnl_attr_nest_start(message, 1);
	mnl_attr_put_u32(message, CTRL_ATTR_MCAST_GRP_ID, 5);
	mnl_attr_nest_end(message, group);
	group = mnl_attr_nest_start(message, 2);
	mnl_attr_put_strz(message, CTRL_ATTR_MCAST_GRP_NAME, "l2tp");
	mnl_attr_nest_end(message, group);
	mnl_attr_nest_end(message, groups);
	assert_int_equal(genl_parse_family(message, &family, 1), 0);
	assert_int_equal(family.id, 33);
	assert_int_equal(family.group_id, 0);
}

static void test_request(void **state)
{
	struct genl_request request;
	struct nlmsghdr *message = genl_request_init(&request, 33, 7);
	const uint8_t expected[] = { 20, 0, 0, 0, 33, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7, 1, 0, 0 };

	(void)state;
	assert_int_equal(message->nlmsg_len, sizeof(expected));
	assert_memory_equal(message, expected, sizeof(expected));
	assert_int_equal(genl_command(message), 7);
	message->nlmsg_len--;
	assert_int_equal(genl_command(message), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_families),
		cmocka_unit_test(test_cut_anywhere),
		cmocka_unit_test(test_other_messages),
		cmocka_unit_test(test_impossible_number),
		cmocka_unit_test(test_halves_of_groups),
		cmocka_unit_test(test_request),
	};

	return cmocka_run_group_tests_name("genl_parse", tests, NULL, NULL);
}
