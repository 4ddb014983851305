"""The documented fields and edges of each node type.

A documented field without a value is omitted from the response. An undocumented name fails the
call. Source: facebook-business 26.0.3, `adobjects/{user,page,advideo,post,pagepost,...}.py`
(the `Field` classes and the edges with a GET method). The field `tasks` of a Page is not in the
SDK; Meta documents it for `/me/accounts`.
"""

from collections.abc import Mapping


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


FIELDS: Mapping[str, frozenset[str]] = {
    "User": _names("""
    about age_range birthday client_business_id community cover currency education email
    favorite_athletes favorite_teams first_name gender hometown id inspirational_people
    install_type installed is_guest_user is_work_account languages last_name link
    local_news_megaphone_dismiss_status local_news_subscription_status locale location
    meeting_for middle_name name name_format payment_pricepoints political profile_pic quotes
    relationship_status religion shared_login_upgrade_required_by short_name significant_other
    sports supports_donate_button_in_live_video third_party_id timezone token_for_business
    updated_time verified video_upload_limits website
    """),
    "Page": _names("""
    about access_token ad_campaign affiliation app_id artists_we_like attire
    available_promo_offer_ids awards band_interests band_members best_page bio birthday
    booking_agent breaking_news_usage built business can_checkin can_post category
    category_list checkins company_overview connected_instagram_account
    connected_page_backed_instagram_account contact_address copyright_attribution_insights
    copyright_whitelisted_ig_partners country_page_likes cover culinary_team current_location
    delivery_and_pickup_option_info description description_html differently_open_offerings
    directed_by display_subtext displayed_message_response_time
    does_viewer_have_page_permission_link_ig emails engagement fan_count featured_video
    features followers_count food_styles founded general_info general_manager genre
    global_brand_page_name global_brand_root_id has_added_app has_lead_access
    has_transitioned_to_new_page_experience has_whatsapp_business_number has_whatsapp_number
    hometown hours id impressum influences instagram_business_account is_always_open
    is_calling_eligible is_chain is_community_page is_eligible_for_branded_content
    is_eligible_for_disable_connect_ig_btn_for_non_page_admin_am_web
    is_messenger_bot_get_started_enabled is_messenger_platform_bot is_owned
    is_permanently_closed is_published is_unclaimed is_verified is_webhooks_subscribed
    keywords leadgen_tos_acceptance_time leadgen_tos_accepted leadgen_tos_accepting_user link
    location members merchant_id merchant_review_status messaging_feature_status
    messenger_ads_default_icebreakers messenger_ads_default_quick_replies
    messenger_ads_quick_replies_type mini_shop_storefront mission mpg name
    name_with_location_descriptor network new_like_count offer_eligible overall_star_rating
    owner_business page_backed_threads_account_id page_token parent_page parking
    payment_options personal_info personal_interests pharma_safety_info phone pickup_options
    place_type plot_outline preferred_audience press_contact price_range priority_hours
    privacy_info_url produced_by products promotion_eligible promotion_ineligible_reason
    public_transit rating_count recipient record_label release_date restaurant_services
    restaurant_specialties schedule screenplay_by season single_line_address starring
    start_info store_code store_location_descriptor store_number studio
    supports_donate_button_in_live_video talking_about_count temporary_status
    unread_message_count unread_notif_count unseen_message_count user_access_expire_time
    username verification_status voip_info website were_here_count whatsapp_number written_by
    tasks
    """),
    "Video": _names("""
    ad_breaks admin_creator audio_isrc backdated_time backdated_time_granularity
    boost_eligibility_info content_category content_tags copyright copyright_check_information
    copyright_monitoring_status created_time custom_labels description embed_html embeddable
    event expiration format from icon id is_crosspost_video is_crossposting_eligible
    is_episode is_instagram_eligible is_reference_only length live_audience_count live_status
    music_video_copyright permalink_url picture place post_id post_views
    premiere_living_room_status privacy published replace_audio_status scheduled_publish_time
    selected_audio_spec source spherical status title universal_video_id updated_time views
    is_ai_generated
    """),
    "Post": _names("""
    actions admin_creator allowed_advertising_objectives application backdated_time
    call_to_action can_reply_privately caption child_attachments comments_mirroring_domain
    coordinates created_time description event expanded_height expanded_width feed_targeting
    from full_picture height icon id instagram_eligibility is_app_share
    is_eligible_for_dark_post is_eligible_for_promotion is_expired is_fb_live_videos is_hidden
    is_inline_created is_instagram_eligible is_live_clip is_popular is_published is_spherical
    link message message_tags multi_share_end_card multi_share_optimized name object_id
    parent_id permalink_url picture place privacy promotable_id promotion_status properties
    scheduled_publish_time shares source status_type story story_tags subscribed target
    targeting timeline_visibility type updated_time via video_buying_eligibility
    was_fb_live_videos width
    """),
    "VideoThumbnail": _names("""
    height id is_preferred name scale uri width
    """),
    "ProfilePictureSource": _names("""
    bottom cache_key height is_silhouette left right top url width
    """),
    "VideoStatus": _names("""
    copyright_check_status processing_phase processing_progress publishing_phase
    uploading_phase video_status
    """),
    "PageCategory": _names("""
    api_enum fb_page_categories id name
    """),
    "StoryAttachment": _names("""
    description description_tags media media_type subattachments target title type
    unshimmed_url url
    """),
}
"""Fields by node type, and by the type of a nested object."""

EDGES: Mapping[str, frozenset[str]] = {
    "User": _names("""
    accounts ad_studies adaccounts albums apprequestformerrecipients apprequests
    assigned_ad_accounts assigned_applications assigned_business_asset_groups
    assigned_instagram_accounts assigned_pages assigned_product_catalogs
    assigned_whatsapp_business_accounts business_users businesses conversations custom_labels
    events feed friends fundraisers groups ids_for_apps ids_for_business ids_for_pages likes
    live_videos music payment_transactions permissions personal_ad_accounts photos picture
    posts rich_media_documents videos
    """),
    "Page": _names("""
    ab_tests ads_eligibility ads_posts agencies albums ar_experience assigned_users blocked
    businessprojects call_to_actions canvas_elements canvases chat_plugin
    commerce_merchant_settings commerce_orders commerce_payouts commerce_transactions
    conversations crosspost_whitelisted_pages ctx_optimization_eligibility custom_labels
    custom_user_settings dataset events fantasy_games feed global_brand_children
    image_copyrights indexed_videos insights instagram_accounts leadgen_forms likes
    live_videos locations media_fingerprints message_templates messaging_feature_review
    messenger_call_permissions messenger_call_settings messenger_lead_forms messenger_profile
    notification_message_tokens page_backed_instagram_accounts personas photos picture posts
    product_catalogs published_posts ratings roles rtb_dynamic_posts scheduled_posts settings
    shop_setup_status space_participants store_locations stories subscribed_apps tabs tagged
    thread_owner threads video_copyright_rules video_lists video_reels videos visitor_posts
    welcome_message_flows
    """),
    "Video": _names("""
    boost_ads_list captions collaborators comments crosspost_shared_pages likes poll_settings
    polls sponsor_tags tags thumbnails video_insights
    """),
    "Post": _names("""
    attachments comments dynamic_posts insights likes reactions sharedposts sponsor_tags to
    """),
}
"""Edges by node type. An edge can be requested as a field."""

STRUCTS: Mapping[str, str] = {
    "attachments": "StoryAttachment",
    "category_list": "PageCategory",
    "from": "Page",
    "status": "VideoStatus",
}
"""The type of the object that a field holds, by field name."""

SUBSCRIBED = _names("""
    affiliation agent_messages agent_questions attire awards bio birthday business_integrity
    call_permission_reply call_settings_update calls category checkins comment_poll_response
    company_overview conversations culinary_team current_location description email
    feature_access_list feed follow founded general_info general_manager group_feed hometown
    hours inbox_labels invalid_topic_placeholder invoice_access_bank_slip_events
    invoice_access_invoice_change invoice_access_invoice_draft_change
    invoice_access_onboarding_status_active leadgen leadgen_fat leadgen_update live_videos
    local_delivery location marketing_message_clicks marketing_message_deliveries
    marketing_message_delivery_failed marketing_message_echoes marketing_message_reads
    marketing_messages_subscriber_upload_status mcom_invoice_change members mention
    merchant_review message_context message_deliveries message_echoes message_edits
    message_mention message_reactions message_reads message_template_status_update messages
    messaging_account_linking messaging_appointments messaging_checkout_updates
    messaging_customer_information messaging_direct_sends messaging_fblogin_account_linking
    messaging_feedback messaging_game_plays messaging_handovers
    messaging_in_thread_lead_form_submit messaging_integrity messaging_optins
    messaging_optouts messaging_payments messaging_policy_enforcement messaging_postbacks
    messaging_pre_checkouts messaging_referrals mission name page_about_story
    page_change_proposal page_upcoming_change parking payment_options payment_request_update
    personal_info personal_interests phone picture price_range product_review products
    public_transit publisher_subscriptions ratings registration response_feedback send_cart
    standby story_poll_response story_share user_action video_text_question_responses videos
    website
""")
"""The Page fields that an app can subscribe to."""
