//! Auth hooks that attack while a person waits, in the real daemon.

use issuerd_tests::browser::{Browser, hidden};
use issuerd_tests::configurations::membership;
use issuerd_tests::guests::Hostile;
use issuerd_tests::login::{Asking, PERSON, REDIRECT_URI};
use issuerd_tests::wallet::credentials;
use issuerd_tests::{Answer, HolderKey, Request};

use crate::flow_plugin_claims::CLUB;

/// An issuer whose auth hook talks to people.
struct Site {
    hostile: Hostile,
    configuration: String,
}

impl Site {
    fn start() -> Self {
        let hostile = Hostile::page_hook();
        let configuration = hostile.daemon.management().create_configuration(&membership(CLUB));
        Self { hostile, configuration }
    }

    /// The page where a person logs in.
    #[track_caller]
    fn login_page(&self, browser: &mut Browser) -> Answer {
        let asking = Asking { scope: Some(format!("mso_mdoc:{CLUB}")), ..Asking::default() };
        let opened = browser.get(&self.hostile.daemon.wallet().authorize_path(&asking)).expect(303);
        browser.follow(opened).expect(200)
    }

    /// The person logs in; what the hook makes of it.
    #[track_caller]
    fn log_in(&self, browser: &mut Browser) -> Answer {
        let login = self.login_page(browser);
        browser.submit(&login, &[("user", PERSON)])
    }

    fn browser(&self) -> Browser {
        Browser::new(self.hostile.daemon.public())
    }

    /// The hook does as it is told, and the wallet hears of an error: no code, no page of the hook, and the daemon lives.
    #[track_caller]
    fn attack(&self, outcome: &str, config: &[(&str, &str)]) {
        self.hostile.set("", config);
        let before = self.hostile.calls(outcome);
        self.fails(&self.log_in(&mut self.browser()));
        assert_eq!(self.hostile.calls(outcome), before + 1, "{outcome}");
    }

    #[track_caller]
    fn fails(&self, answer: &Answer) {
        let location = answer.clone().expect(303).header("location").unwrap().to_owned();
        assert!(location.starts_with(&format!("{REDIRECT_URI}?error=server_error&")), "{location}");
        assert!(!location.contains("code="), "{location}");
        Request::get("/healthz").send(self.hostile.daemon.management().address).expect(200);
    }

    /// The hook lets the next person through, who gets a credential.
    #[track_caller]
    fn recovers(&self) {
        self.hostile.say("{\"level\":\"gold\"}");
        let mut browser = self.browser();
        let consent = self.log_in(&mut browser).expect(303);
        let consent = browser.follow(consent).expect(200);
        let done = browser.submit(&consent, &[("decision", "approve")]).expect(303);
        let location = done.header("location").unwrap();
        let code =
            location.strip_prefix(&format!("{REDIRECT_URI}?code=")).and_then(|rest| rest.split('&').next()).unwrap();
        let (wallet, key) = (self.hostile.daemon.wallet(), HolderKey::es256());
        let granted = wallet.send(&wallet.code_request(code, &key)).expect(200).json();
        let selector = ("credential_configuration_id", self.configuration.as_str());
        let asked = wallet.bound_credential_request(granted["access_token"].as_str().unwrap(), selector, &key);
        let issued = credentials(&wallet.send(&asked).expect(200));
        assert_eq!(issued[0].value("level").as_text(), Some("gold"));
    }
}

#[test]
fn a_hook_that_takes_too_much_ends_at_its_limits_and_the_wallet_hears_of_it() {
    let site = Site::start();
    for (mode, outcome) in [("loop", "cpu"), ("trap", "trap"), ("memory", "memory"), ("output", "oversize")] {
        site.attack(outcome, &[("mode", mode)]);
    }
    site.recovers();
}

#[test]
fn a_form_has_its_limits() {
    let site = Site::start();
    let long = "x".repeat(100 << 10);
    site.attack("invalid", &[("mode", "wide"), ("text", "x")]);
    site.attack("oversize", &[("mode", "page"), ("text", &long)]);
    site.attack("oversize", &[("mode", "keep"), ("text", &long)]);
    site.recovers();
}

// BCP-2.1-02
#[test]
fn a_browser_is_sent_nowhere_but_where_the_operator_lets_the_hook_send_it() {
    let site = Site::start();
    for url in [
        "https://evil.example/",
        "https://idp.example.evil.example/",
        "https://idp.example@evil.example/",
        "https://idp.example:8443/",
        "http://idp.example/",
        "//idp.example/",
        "javascript:alert(1)//https://idp.example",
        "https://idp.example\\@evil.example/",
        "",
    ] {
        site.hostile.set("", &[("mode", "redirect"), ("url", url)]);
        site.fails(&site.log_in(&mut site.browser()));
    }
    // Where it may: by a page, since the policy of the page with the form could not name the place.
    site.hostile.set("", &[("mode", "redirect"), ("url", "https://idp.example/check?a=1")]);
    let mut browser = site.browser();
    let login = site.login_page(&mut browser);
    let leaving = browser.submit(&login, &[("user", PERSON)]).expect(200).text();
    assert!(leaving.contains("id=\"continue\" href=\"https://idp.example/check?a=1\""), "{leaving}");
    // Who comes back without the value of this step is sent there again, and the hook is not asked.
    let (_, id) = hidden(&login.text()).into_iter().find(|(name, _)| name == "interaction").unwrap();
    let before = site.hostile.calls("pending");
    let again = browser.get(&format!("/v1/oauth/hook/return?interaction={id}&step=AAAAAAAAAAAAAAAAAAAAAA")).expect(303);
    assert_eq!(again.header("location"), Some("https://idp.example/check?a=1"));
    assert_eq!(site.hostile.calls("pending"), before);
    site.recovers();
}

#[test]
fn a_hook_that_fails_after_its_form_ends_the_login() {
    let site = Site::start();
    for (mode, outcome) in [("trap", "trap"), ("loop", "cpu"), ("claims", "invalid")] {
        site.hostile.set("", &[("mode", "page"), ("text", "<b>Your</b> answer")]);
        let mut browser = site.browser();
        let form = site.log_in(&mut browser).expect(303);
        let form = browser.follow(form).expect(200);
        let html = form.text();
        // Its texts are texts, and its field is none of ours.
        assert!(
            html.contains("&lt;b&gt;Your&lt;/b&gt; answer") && html.contains("name=\"field.form_token\""),
            "{html}"
        );
        site.hostile.set("", &[("mode", mode), ("claims", "[]")]);
        let before = site.hostile.calls(outcome);
        let answer = browser.submit(&form, &[("field.form_token", "x")]);
        site.fails(&answer);
        assert_eq!(site.hostile.calls(outcome), before + 1, "{mode}");
        // It is over: nothing more comes of the same form.
        let over = browser.submit(&form, &[("field.form_token", "x")]);
        assert_eq!((over.status, over.header("location")), (400, None));
    }
    site.recovers();
}
