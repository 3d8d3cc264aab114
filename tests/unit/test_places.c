/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Files of a configuration and where they really lie. */
#include "config_fixture.h"

#include "daemon/sandbox/places.h"

static void make_link(const struct fixture *fixture, const char *target, const char *name)
{
	char to[192], from[192];

	snprintf(to, sizeof(to), "%s/%s", fixture->folder, target);
	snprintf(from, sizeof(from), "%s/%s", fixture->folder, name);
	assert_int_equal(symlink(to, from), 0);
}

static void make_dir(const struct fixture *fixture, const char *name)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/%s", fixture->folder, name);
	assert_int_equal(mkdir(path, 0755), 0);
}

/* Names, without the test's folder ("" is that folder itself), separated by spaces. */
static void assert_names(const struct fixture *fixture, char **names, size_t count,
			 const char *expected)
{
	size_t len = strlen(fixture->folder);
	char text[512] = "";

	for (size_t i = 0; i < count; i++) {
		assert_memory_equal(names[i], fixture->folder, len);
		strcat(strcat(text, " "), names[i] + len);
	}
	assert_string_equal(text, expected);
}

static void assert_places(const struct fixture *fixture, const char *files, const char *folders)
{
	struct places places;

	assert_int_equal(places_find(fixture->file, &places), 0);
	assert_names(fixture, places.files, places.file_count, files);
	assert_names(fixture, places.folders, places.folder_count, folders);
	places_done(&places);
}

static void test_nothing_there(void **state)
{
	assert_places(*state, " /main.conf /main.conf.d", " ");
}

static void test_plain_files(void **state)
{
	write_text(*state, "main.conf", "");
	make_dir(*state, "main.conf.d");
	write_text(*state, "main.conf.d/b.conf", "");
	write_text(*state, "main.conf.d/a.conf", "");
	write_text(*state, "main.conf.d/c.conf~", "");
	assert_places(*state,
		      " /main.conf /main.conf.d /main.conf.d/a.conf /main.conf.d/b.conf",
		      "  /main.conf.d");
}

static void test_links(void **state)
{
	make_dir(*state, "real");
	make_dir(*state, "shared");
	make_dir(*state, "drop-ins");
	write_text(*state, "real/one", "");
	write_text(*state, "shared/two", "");
	make_link(*state, "real/one", "again");
	make_link(*state, "again", "main.conf");
	make_link(*state, "drop-ins", "main.conf.d");
	make_link(*state, "shared/two", "drop-ins/a.conf");
	make_link(*state, "nowhere/three", "drop-ins/b.conf");
	assert_places(*state,
		      " /main.conf /main.conf.d /main.conf.d/a.conf /main.conf.d/b.conf",
		      "  /real /drop-ins /main.conf.d /shared");
}

static void test_folders_of_names(void **state)
{
	static const struct { const char *file, *folder; } cases[] = {
		{ "/etc/mssclamp.conf", "/etc" },
		{ "/mssclamp.conf", "/" },
		{ "mssclamp.conf", "." },
		{ "here/mssclamp.conf", "here" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		char *folder = places_folder_of(cases[i].file);

		assert_string_equal(folder, cases[i].folder);
		free(folder);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_there, begin, end),
		cmocka_unit_test_setup_teardown(test_plain_files, begin, end),
		cmocka_unit_test_setup_teardown(test_links, begin, end),
		cmocka_unit_test(test_folders_of_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
