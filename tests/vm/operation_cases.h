/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * Which case proves what: for each operation of the language and each key of subjects, X(word, case).
 * The programs of operation_*.c make their tables of cases of these lists, so what is named here is run;
 * tests/unit/test_operation_cases.c fails when the library knows a word that is not named here.
 */
#ifndef KRSI_TESTS_VM_OPERATION_CASES_H
#define KRSI_TESTS_VM_OPERATION_CASES_H

/* operation_files.c */
#define FILE_OPERATIONS(X) \
	X("file.open", test_opening_is_denied_whatever_for) \
	X("file.read", test_reading_is_denied_and_writing_is_not) \
	X("file.write", test_writing_is_denied_and_reading_is_not) \
	X("file.write", test_taking_append_away_is_denied_as_writing) \
	X("file.append", test_appending_is_denied_and_writing_anywhere_is_not) \
	X("file.exec_mmap", test_mapping_as_code_is_denied_and_as_data_is_not) \
	X("file.mprotect_exec", test_making_code_of_a_mapping_is_denied_by_its_file) \
	X("file.mprotect_exec", test_making_code_of_memory_without_a_name_is_denied_by_its_facts) \
	X("file.create", test_creating_is_denied_by_every_call_and_opening_what_is_there_is_not) \
	X("file.unlink", test_unlinking_is_denied_by_name_and_through_a_bind) \
	X("file.rename", test_renaming_is_denied_by_either_name) \
	X("file.rename", test_renaming_and_exchanging_are_denied_by_what_has_the_new_name) \
	X("file.link", test_linking_is_denied_by_either_name) \
	X("file.link", test_linking_a_file_without_a_name_is_denied_by_the_new_one) \
	X("file.symlink", test_making_a_symbolic_link_is_denied_by_its_name_and_not_by_its_text) \
	X("file.mkdir", test_making_a_directory_is_denied_by_its_name_and_mode) \
	X("file.rmdir", test_removing_a_directory_is_denied) \
	X("file.mknod", test_making_a_node_is_denied_by_its_type) \
	X("file.truncate", test_truncating_is_denied_by_path_by_descriptor_and_by_opening) \
	X("file.chmod", test_changing_the_mode_is_denied_by_path_and_by_descriptor) \
	X("file.chown", test_changing_the_owner_or_the_group_is_denied_by_every_call) \
	X("file.setxattr", test_setting_and_removing_attributes_is_denied) \
	X("file.setxattr", test_attributes_are_denied_by_a_pattern_and_through_a_bind) \
	X("file.setxattr", test_setting_and_removing_access_lists_is_denied) \
	X("file.ioctl", test_ioctl_is_denied_on_what_is_open_already)

/* operation_mounts.c */
#define MOUNT_OPERATIONS(X) \
	X("mount.mount", test_mounting_is_denied_by_its_place) \
	X("mount.mount", test_mounting_is_denied_by_its_type) \
	X("mount.mount", test_mounting_is_denied_by_the_text_of_its_source) \
	X("mount.mount", test_binding_is_denied_by_its_source) \
	X("mount.mount", test_binding_what_cannot_be_told_is_denied) \
	X("mount.umount", test_unmounting_is_denied_by_its_place) \
	X("mount.umount", test_unmounting_is_denied_by_its_type) \
	X("mount.move", test_moving_is_denied_by_where_it_was) \
	X("mount.move", test_moving_is_denied_by_where_it_goes) \
	X("mount.pivot_root", test_changing_the_root_is_denied_by_the_new_one) \
	X("mount.remount", test_changing_flags_is_denied_by_every_call)

/* operation_process.c */
#define PROCESS_OPERATIONS(X) \
	X("process.exec", test_executing_is_denied_by_the_program) \
	X("process.exec", test_executing_a_script_is_denied_by_its_file) \
	X("process.signal", test_signalling_is_denied_by_target_and_signal) \
	X("process.ptrace", test_tracing_and_looking_into_is_denied_by_target) \
	X("process.ptrace", test_asking_to_be_traced_is_denied) \
	X("process.memory_write", test_writing_memory_is_denied_and_looking_at_secrets_is_not) \
	X("process.setuid", test_changing_the_user_is_denied_by_every_call) \
	X("process.setgid", test_changing_the_group_is_denied_by_every_call) \
	X("process.capset", test_taking_a_capability_is_denied_and_another_one_is_not) \
	X("process.unshare", test_making_a_user_namespace_is_denied_and_another_namespace_is_not) \
	X("process.setns", test_entering_a_namespace_is_killed)

/* operation_network.c */
#define NETWORK_OPERATIONS(X) \
	X("network.socket", test_making_a_socket_is_denied_by_its_family) \
	X("network.bind", test_binding_is_denied_by_address_and_port) \
	X("network.bind", test_binding_is_denied_by_unix_path_and_abstract_name) \
	X("network.connect", test_connecting_is_denied_by_address_and_port) \
	X("network.connect", test_connecting_is_denied_by_unix_path_and_abstract_name) \
	X("network.listen", test_listening_is_denied_by_address_and_port) \
	X("network.listen", test_listening_is_denied_by_unix_path_and_abstract_name) \
	X("network.accept", test_accepting_is_denied_by_address_and_port) \
	X("network.accept", test_accepting_is_denied_by_unix_path_and_abstract_name) \
	X("network.send", test_sending_is_denied_by_address_and_port) \
	X("network.send", test_sending_is_denied_by_unix_path_and_abstract_name) \
	X("network.bind", test_binding_netlink_is_denied_by_its_family) \
	X("network.connect", test_connecting_netlink_is_denied_by_its_family) \
	X("network.send", test_sending_by_netlink_is_denied_by_its_family)

/* operation_kernel.c */
#define KERNEL_OPERATIONS(X) \
	X("kernel.module_load", test_loading_a_module_is_denied_by_its_path) \
	X("kernel.module_load", test_loading_a_module_is_denied_by_its_name) \
	X("kernel.module_load", test_loading_a_module_from_memory_is_denied) \
	X("kernel.kexec", test_loading_another_kernel_is_denied_by_either_call) \
	X("kernel.bpf", test_bpf_is_denied_to_others_and_not_to_the_engine_itself) \
	X("kernel.perf", test_opening_a_counter_is_denied) \
	X("kernel.settime", test_setting_the_clock_is_denied_by_either_call)

/* operation_subjects.c: all of them are denied a file.open, or allowed it. */
#define SUBJECT_KEYS(X) \
	X("exe", test_subject_by_its_program) \
	X("script", test_subject_by_its_script) \
	X("uid", test_subject_by_its_user) \
	X("gid", test_subject_by_its_effective_or_supplementary_group) \
	X("gid", test_subject_in_too_many_groups_is_denied) \
	X("login_uid", test_subject_by_who_logged_in) \
	X("capabilities", test_subject_by_its_effective_capabilities) \
	X("cgroup", test_subject_by_its_cgroup_or_one_above) \
	X("cgroup", test_subject_by_its_cgroup_however_far_above) \
	X("cgroup", test_subject_by_a_pattern_of_its_cgroup) \
	X("container", test_subject_by_its_container) \
	X("namespaces", test_subject_by_each_of_its_namespaces) \
	X("tag", test_subject_by_its_tag) \
	X("tag", test_tag_outlasts_an_exchange_of_policies) \
	X("parent", test_subject_by_its_parent_and_not_by_who_is_above) \
	X("descendant_of", test_subject_by_who_it_descends_from) \
	X("descendant_of", test_subject_that_is_older_than_the_policy_by_who_it_descends_from)

#endif
