/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <errno.h>
#include <stdlib.h>

#include "daemon/paths/path_remedy.h"

#define FILE_NAME "/var/lib/mssclamp/paths"
#define GIVEN "/var/lib/other:/var/lib/mssclamp"
#define DROP_IN "/etc/systemd/system/mssclampd.service.d"

static const struct { const char *name, *file; int error; const char *given, *text; } cases[] = {
	{ "no folder", FILE_NAME, -ENOENT, NULL,
	  "; to mend it: mkdir -p /var/lib/mssclamp && chown 7:8 /var/lib/mssclamp && "
	  "chmod 750 /var/lib/mssclamp && systemctl restart mssclampd" },
	{ "a folder of somebody else", FILE_NAME, -EACCES, GIVEN,
	  "; to mend it: chown 7:8 /var/lib/mssclamp && chmod u+rwx /var/lib/mssclamp && "
	  "systemctl restart mssclampd" },
	{ "a file of somebody else", FILE_NAME, -EPERM, GIVEN,
	  "; to mend it: chown 7:8 /var/lib/mssclamp/paths" },
	{ "read-only", FILE_NAME, -EROFS, NULL,
	  "; to mend it: mount -o remount,rw \"$(findmnt -n -o TARGET -T /var/lib/mssclamp)\"" },
	{ "read-only though systemd gives it", FILE_NAME, -EROFS, GIVEN,
	  "; to mend it: mount -o remount,rw \"$(findmnt -n -o TARGET -T /var/lib/mssclamp)\"" },
	{ "in a folder that it gives", "/var/lib/mssclamp/a/b", -EROFS, GIVEN,
	  "; to mend it: mount -o remount,rw \"$(findmnt -n -o TARGET -T /var/lib/mssclamp/a)\"" },
	{ "in another one of like name", "/var/lib/mssclamp2/paths", -EROFS, GIVEN,
	  "; to mend it: mkdir -p " DROP_IN " && printf '[Service]\\nReadWritePaths=%s\\n' "
	  "/var/lib/mssclamp2 >" DROP_IN "/state.conf && systemctl daemon-reload && "
	  "systemctl restart mssclampd" },
	{ "a unit that is given none", "/srv/paths", -EROFS, "",
	  "; to mend it: mkdir -p " DROP_IN " && printf '[Service]\\nReadWritePaths=%s\\n' "
	  "/srv >" DROP_IN "/state.conf && systemctl daemon-reload && "
	  "systemctl restart mssclampd" },
	{ "full", FILE_NAME, -ENOSPC, GIVEN,
	  "; see: df -h /var/lib/mssclamp && df -i /var/lib/mssclamp" },
	{ "a link in its place", FILE_NAME, -ELOOP, GIVEN,
	  "; to mend it: mv -T /var/lib/mssclamp/paths /var/lib/mssclamp/paths.away" },
	{ "what nobody thought of", FILE_NAME, -EUCLEAN, GIVEN,
	  "; see: ls -ld /var/lib/mssclamp /var/lib/mssclamp/paths" },
	{ "a name with a blank", "/a b/paths", -EISDIR, NULL,
	  "; to mend it: mv -T '/a b/paths' '/a b/paths'.away" },
	{ "at the top", "/paths", -EACCES, NULL,
	  "; to mend it: chown 7:8 / && chmod u+rwx / && systemctl restart mssclampd" },
};

static void test_what_helps(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct path_writer writer = { 7, 8, cases[i].given };
		struct path_remedy remedy = path_remedy_make(cases[i].file, cases[i].error,
							     &writer);
		char *text = path_remedy_text(&remedy);

		print_message("%s\n", cases[i].name);
		assert_string_equal(text, cases[i].text);
		free(text);
		path_remedy_done(&remedy);
	}
}

static void test_who_writes(void **state)
{
	(void)state;
	unsetenv("INVOCATION_ID");
	unsetenv("STATE_DIRECTORY");
	assert_null(path_writer_self().given);
	setenv("INVOCATION_ID", "x", 1);
	assert_string_equal(path_writer_self().given, "");
	setenv("STATE_DIRECTORY", "/var/lib/mssclamp", 1);
	assert_string_equal(path_writer_self().given, "/var/lib/mssclamp");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_helps),
		cmocka_unit_test(test_who_writes),
	};

	return cmocka_run_group_tests_name("path_remedy", tests, NULL, NULL);
}
