"""Fields of Reddit's objects that are known and, unless a mapping reads them, stay in the payload."""

from gaung.sources.bodies import field_names

SUBMISSION_FIELDS = field_names(
    "all_awardings allow_live_comments approved_at_utc approved_by archived author "
    "author_flair_background_color author_flair_css_class author_flair_richtext "
    "author_flair_template_id author_flair_text author_flair_text_color author_flair_type "
    "author_fullname author_is_blocked author_patreon_flair author_premium awarders banned_at_utc "
    "banned_by brand_safe can_gild can_mod_post category clicked content_categories contest_mode "
    "created created_utc crosspost_parent crosspost_parent_list discussion_type distinguished domain "
    "downs edited from from_id from_kind gallery_data gilded gildings hidden hide_score id "
    "is_created_from_ads_ui is_crosspostable is_gallery is_meta is_original_content "
    "is_reddit_media_domain is_robot_indexable is_self is_survey_ad is_video likes "
    "link_flair_background_color link_flair_css_class link_flair_richtext link_flair_template_id "
    "link_flair_text link_flair_text_color link_flair_type locked media media_embed media_metadata "
    "media_only mod_note mod_reason_by mod_reason_title mod_reports name no_follow num_comments "
    "num_crossposts num_reports over_18 parent_whitelist_status permalink pinned poll_data post_hint "
    "preview previous_visits promoted pwls quarantine removal_reason removed_by removed_by_category "
    "report_reasons saved score secure_media secure_media_embed selftext selftext_html send_replies "
    "spoiler stickied subreddit subreddit_id subreddit_name_prefixed subreddit_subscribers "
    "subreddit_type suggested_sort thumbnail thumbnail_height thumbnail_width title top_awarded_type "
    "total_awards_received treatment_tags ups upvote_ratio url url_overridden_by_dest user_reports "
    "view_count visited whitelist_status wls "
)

COMMENT_FIELDS = field_names(
    "all_awardings approved approved_at_utc approved_by archived associated_award author "
    "author_flair_background_color author_flair_css_class author_flair_richtext "
    "author_flair_template_id author_flair_text author_flair_text_color author_flair_type "
    "author_fullname author_is_blocked author_patreon_flair author_premium awarders banned_at_utc "
    "banned_by body body_html can_gild can_mod_post collapsed collapsed_because_crowd_control "
    "collapsed_reason collapsed_reason_code comment_type context controversiality created "
    "created_utc depth dest distinguished downs edited first_message first_message_name gilded "
    "gildings id ignore_reports is_submitter likes link_author link_id link_permalink link_title "
    "link_url locked media_metadata mod_note mod_reason_by mod_reason_title mod_reports name new "
    "no_follow num_comments num_reports over_18 parent_id permalink quarantine removal_reason "
    "removed report_reasons saved score score_hidden send_replies spam stickied subject subreddit "
    "subreddit_id subreddit_name_prefixed subreddit_type top_awarded_type total_awards_received "
    "treatment_tags unrepliable_reason ups user_reports was_comment "
)

ACCOUNT_FIELDS = field_names(
    "accept_followers awardee_karma awarder_karma can_create_subreddit can_edit_name coins "
    "comment_karma created created_utc features force_password_reset gold_creddits gold_expiration "
    "has_android_subscription has_external_account has_gold_subscription has_ios_subscription "
    "has_mail has_mod_mail has_paypal_subscription has_stripe_subscription has_subscribed "
    "has_subscribed_to_premium has_verified_email has_visited_new_profile hide_from_robots icon_img "
    "id in_beta in_chat in_redesign_beta inbox_count is_blocked is_employee is_friend is_gold is_mod "
    "is_sponsor is_suspended link_karma modhash name new_modmail_exists num_friends over_18 "
    "password_set pref_autoplay pref_clickgadget pref_geopopular pref_nightmode pref_no_profanity "
    "pref_show_presence pref_show_snoovatar pref_show_trending pref_show_twitter "
    "pref_top_karma_subreddits pref_video_autoplay profile_color profile_img profile_over_18 "
    "snoovatar_img snoovatar_size subreddit suspension_expiration_utc total_karma verified "
)
