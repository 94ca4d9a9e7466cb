//! Whose headers they are, and what each column means.

use super::*;

#[test]
fn mapped_headers_win_and_canonical_ones_are_read_beside_them() {
    let text = "Date,cost,spend,Clicks\n5/13/2026,7,1,3\n";
    let batch = one(text, "columns = { spend = \"cost\" }").unwrap();
    assert_eq!((sum(&batch, Measure::Spend), sum(&batch, Measure::Clicks)), (Some(7_000_000), Some(3_000_000)));
    assert!(finding(&batch, "import.columns").unwrap().message.contains("nothing is read from `spend`"));
}

#[test]
fn a_mapped_header_that_is_missing_is_told_with_those_that_are_there() {
    let expected = "error: a.csv:1: source[1].columns.spend: no header `Cost`\n\
                    help: the headers are `date`, `spend`, `clicks`, `registrations`\n";
    assert_eq!(refused(TWO_DAYS, "columns = { spend = \"Cost\" }"), expected);
    let twice = refused(TWO_DAYS, "columns = { reads = \"clicks\", entries = \"clicks\" }");
    assert!(twice.contains("header `clicks` is mapped to both `entries` and `reads`"), "{twice}");
}

#[test]
fn two_headers_of_one_meaning_are_refused() {
    let error = refused("日期,消耗,花费,点击量\n2026-05-01,1,2,3\n", "");
    assert!(error.contains("headers `消耗`, `花费` all mean `spend`"), "{error}");
    let same = refused("date,spend,spend\n2026-05-01,1,2\n", "");
    assert!(same.contains("headers `spend`, `spend` all mean `spend`"), "{same}");
}

#[test]
fn unknown_headers_are_listed_with_the_way_to_map_them() {
    let expected = "error: a.csv:1: no known header for `date` and `spend` among `a`, `b`\n\
                    help: map the headers: `columns = { date = \"…\", spend = \"…\" }` of source[1]\n";
    assert_eq!(refused("a,b\n1,2\n", ""), expected);
    let error = refused("spend,clicks\n1,2\n", "");
    assert!(error.contains("no day column among the headers `spend`, `clicks`"), "{error}");
    assert!(error.contains("period = ["), "{error}");
}

#[test]
fn platforms_are_told_by_their_headers() {
    for (platform, text) in [
        ("tencent", "日期,账户名称,推广计划名称,消耗,曝光量,点击量,注册量\n2026-05-01,a,c,12.50,100,5,1\n"),
        ("weibo", "时间,账户,广告计划,消耗（元）,曝光量,导流数,加关注数,注册数\n2026/5/1,a,c,12.50,100,5,3,1\n"),
        ("ocean_engine", "日期,项目名称,消耗(元),展示数,点击数,注册数\n2026年5月1日,c,12.50,100,5,1\n"),
        ("kuaishou", "数据日期,广告计划名称,花费（元）,封面曝光数,行为数,注册数\n20260501,c,12.50,100,5,1\n"),
        (
            "meta",
            "Day,Account name,Campaign name,Amount spent (CNY),Impressions,Link clicks,Registrations completed\n\
                  2026-05-01,a,c,12.50,100,5,1\n",
        ),
        (
            "google_ads",
            "Campaign report\n\"1 May 2026 - 2 May 2026\"\nDay\tCampaign\tCurrency code\tCost\tImpr.\tClicks\tConversions\n\
                        2026-05-01\tc\tCNY\t¥12.50\t100\t5\t1.00\n",
        ),
    ] {
        let batch = detected(text).unwrap();
        assert_eq!(batch.platform.as_deref(), Some(platform), "{:?}", batch.findings);
        let figures = [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::Registrations];
        let sums = figures.map(|measure| sum(&batch, measure));
        assert_eq!(sums, [Some(12_500_000), Some(100_000_000), Some(5_000_000), Some(1_000_000)], "{platform}");
        assert_eq!(batch.name(&batch.rows[0], Field::Campaign).map(AsRef::as_ref), Some("c"), "{platform}");
    }
}

/// What one file, read by `auto`, holds: platform, spend, impressions, clicks and KPI in millionths, currency.
type Seen = (Option<String>, [Option<i64>; 4], String);

fn seen(text: &str) -> Seen {
    let batch = detected(text).unwrap_or_else(|error| panic!("{error}"));
    let figures = [Measure::Spend, Measure::Impressions, Measure::Clicks, Measure::Registrations];
    (batch.platform.clone(), figures.map(|measure| sum(&batch, measure)), batch.rows[0].currency.to_string())
}

#[test]
fn interface_exports_are_told_in_their_languages() {
    for (platform, currency, text) in [
        (
            "baidu",
            "CNY",
            "数据生成时间：2026-05-02\n1. 时间范围：20260501\n日期,账户,推广计划,展现,点击,消费,目标转化量\n2026-05-01,a,c,100,5,12.50,1\n",
        ),
        (
            "xiaohongshu",
            "CNY",
            "时间,计划名称,消费,展现量,点击量,私信咨询,私信留资\n合计1条记录,-,12.50,100,5,3,1\n2026-05-01,c,12.50,100,5,3,1\n",
        ),
        (
            "qianchuan",
            "CNY",
            "日期,花费,展示次数,点击次数,转化数,成交金额,直接支付ROI\n2026-05-01,12.50,100,5,1,80,6.4\n",
        ),
        (
            "tiktok",
            "USD",
            "By Day,Campaign name,Cost,Impressions,Clicks (destination),Conversions,Currency\n2026-05-01,c,12.50,100,5,1,USD\n",
        ),
        ("tiktok", "CNY", "日期,系列名称,消耗,展示量,点击量（目标页面）,转化量\n2026-05-01,c,12.50,100,5,1\n"),
        (
            "microsoft_ads",
            "CNY",
            "Report Name: daily\n\nGregorian date,Account name,Campaign name,Impressions,Clicks,Spend,Conversions\n5/13/2026,a,c,100,5,12.50,1\n© Microsoft Corporation\n",
        ),
        (
            "microsoft_ads",
            "JPY",
            "TimePeriod,AccountName,CampaignName,Impressions,Clicks,Spend,Conversions,CurrencyCode\n2026-05-01|7,a,c,100,5,12.50,1,JPY\n",
        ),
        (
            "linkedin",
            "EUR",
            "Campaign Performance Report (in UTC)\n\nStart Date (in UTC)\tAccount Name\tCurrency\tCampaign Group Name\tTotal Spent\tImpressions\tClicks\tConversions\n5/13/2026\ta\tEUR\tc\t12.50\t100\t5\t1\n",
        ),
        ("x_ads", "CNY", "Time period,Campaign name,Spend,Impressions,Clicks,Leads\n2026-05-01,c,12.50,100,5,1\n"),
        (
            "yahoo_jp_search",
            "JPY",
            "日,キャンペーン名,コスト,インプレッション数,クリック数,コンバージョン数,無効なクリック数\n20260501,c,12.50,100,5,1,0\nトータル,--,12.50,100,5,1,0\n",
        ),
        (
            "yahoo_jp_display",
            "JPY",
            "日,キャンペーン名,コスト,インプレッション数,クリック数,コンバージョン数,ビューアブルインプレッション数\n20260501,c,12.50,100,5,1,0\n",
        ),
        (
            "line_ads",
            "JPY",
            "日付,広告アカウント名,キャンペーン名,コスト,通貨,インプレッション数,クリック数,CV（Conversion）\n2026-05-01,a,c,12.50,JPY,100,5,1\n",
        ),
    ] {
        let expected = [Some(12_500_000), Some(100_000_000), Some(5_000_000), Some(1_000_000)];
        assert_eq!(seen(text), (Some(platform.to_owned()), expected, currency.to_owned()));
    }
}

#[test]
fn api_rows_are_told_with_their_units() {
    for (platform, currency, text) in [
        (
            "google_ads",
            "CNY",
            "customer_id,date,clicks,conversions,cost_micros,impressions\n1,2026-05-01,5,1,12500000,100\n",
        ),
        ("meta", "CNY", "ad_id,date,account_id,impressions,inline_link_clicks,spend\n1,2026-05-01,2,100,5,12.5\n"),
        (
            "tencent",
            "CNY",
            "date,account_id,cost,view_count,valid_click_count,conversions_count\n2026-05-01,1,1250,100,5,1\n",
        ),
        (
            "reddit",
            "CNY",
            "account_id,date,clicks,ecpm,gallery_item_id,impressions,spend\n1,2026-05-01,5,9,,100,12500000\n",
        ),
        (
            "snapchat",
            "CNY",
            "campaign_id,date,impressions,spend,swipes\na,2026-05-01T10:00:00,60,5000000,2\na,2026-05-01T13:00:00,40,7500000,3\n",
        ),
        (
            "apple_search_ads",
            "USD",
            "date,id,conversions,impressions,local_spend_amount,local_spend_currency,taps\n2026-05-01,1,1,100,12.5,USD,5\n",
        ),
        (
            "pinterest",
            "USD",
            "date,campaign_id,impression_1,impression_2,clickthrough_1,clickthrough_2,spend_in_micro_dollar,total_conversions\n2026-05-01,1,100,9,5,9,12500000,1\n",
        ),
        ("weibo", "CNY", "日期,consume,pv,traffic_bhv,bhv,bhv_14000008\n2026-05-01,12.50,100,5,9,2\n"),
        (
            "x_ads",
            "CNY",
            "account_id,date,billed_charge_local_micro,clicks,impressions\n1,2026-05-01 07:00:00,12500000,5,100\n",
        ),
        (
            "linkedin",
            "USD",
            "campaign_id,day,clicks,cost_in_local_currency,cost_in_usd,impressions\n1,2026-05-01 00:00:00,5,99,12.5,100\n",
        ),
        (
            "tiktok",
            "CNY",
            "CAMPAIGN_ID,STAT_TIME_HOUR,IMPRESSIONS,CONVERSION,CLICKS,SPEND\n1,2026-05-01 5:00:00,100,1,5,12.5\n",
        ),
    ] {
        let (found, [spend, impressions, clicks, _], code) = seen(text);
        assert_eq!((found.as_deref(), code.as_str()), (Some(platform), currency), "{text}");
        assert_eq!([spend, impressions, clicks], [Some(12_500_000), Some(100_000_000), Some(5_000_000)], "{platform}");
    }
}

#[test]
fn the_canonical_table_is_of_no_platform_without_a_mark() {
    for source in ["auto", "reddit"] {
        let text = "date,account,campaign,spend,clicks,impressions\n2026-05-01,a,c,3,5,100\n";
        let read = bytes("a.csv", text.as_bytes(), &format!("platform = \"{source}\"")).unwrap().remove(0);
        assert_eq!((read.platform.as_deref(), sum(&read, Measure::Spend)), (None, Some(3_000_000)), "{source}");
    }
    let own = "date,account,cost,ecpm\n2026-05-01,a,3,1\n";
    for platform in ["tencent", "reddit", "auto"] {
        let source = format!("platform = \"{platform}\"\ncolumns = {{ spend = \"cost\" }}");
        let read = bytes("a.csv", own.as_bytes(), &source).unwrap().remove(0);
        assert_eq!(sum(&read, Measure::Spend), Some(3_000_000), "{platform}: what the settings map is in its own unit");
    }
    let named = detected("date,platform,spend,ecpm\n2026-05-01,reddit,3,1\n").unwrap();
    assert_eq!((named.platform.as_deref(), sum(&named, Measure::Spend)), (None, Some(3_000_000)));
    let union = detected("date_day,platform,account_id,spend,clicks\n2026-05-01,google_ads,1,3,5\n").unwrap();
    assert_eq!((union.platform.as_deref(), sum(&union, Measure::Spend)), (None, Some(3_000_000)));
    assert_eq!(union.name(&union.rows[0], Field::Platform).map(AsRef::as_ref), Some("google_ads"));
}

#[test]
fn a_tie_between_platforms_is_refused() {
    let yahoo = detected("日,キャンペーン名,コスト,クリック数\n20260501,c,1,2\n").unwrap_err();
    assert!(yahoo.contains("equally: `yahoo_jp_display`, `yahoo_jp_search`\nhelp: name the platform"), "{yahoo}");

    let error = detected("日期,消耗,注册数\n2026-05-01,1,2\n").unwrap_err();
    let expected = "a.csv:1: the headers fit several platforms equally: `kuaishou`, `ocean_engine`, `weibo`\n\
                    help: name the platform: `platform = \"kuaishou\"` of source[1]";
    assert!(error.contains(expected), "{error}");
    let fixture = Fixture::new(&[("a.csv", "日期,消耗,注册数\n2026-05-01,1,2\n")]);
    let batches = fixture.read("[[source]]\npath = \"a.csv\"\nplatform = \"Ocean Engine\"").unwrap();
    assert_eq!(batches[0].platform.as_deref(), Some("ocean_engine"));
}

#[test]
fn conversions_stand_in_for_the_kpi_and_a_finding_says_so() {
    let text = "date,spend,conversions\n2026-05-01,1,4\n";
    let batch = one(text, "").unwrap();
    assert_eq!(sum(&batch, Measure::Registrations), Some(4_000_000));
    assert_eq!(finding(&batch, "import.conversions").unwrap().severity, Severity::Review);
    let batch =
        one("date,spend,conversions,leads\n2026-05-01,1,4,9\n", "columns = { registrations = \"leads\" }").unwrap();
    assert_eq!(sum(&batch, Measure::Registrations), Some(9_000_000));
    assert!(finding(&batch, "import.conversions").is_none());
}

#[test]
fn only_rows_that_are_asked_for_count() {
    let text = "Period,VariableName,VariableValue\n2026-05-04,TV,10\n2026-05-04,Sales,99\n2026-05-04,Radio,5\n";
    let source = "columns = { date = \"Period\", supplier = \"VariableName\", spend = \"VariableValue\" }\n\
                  where = { VariableName = [\"TV\", \"Radio\"] }";
    let batch = one(text, source).unwrap();
    assert_eq!((batch.read, batch.used, sum(&batch, Measure::Spend)), (3, 2, Some(15_000_000)));
    assert_eq!(batch.skipped[0].reason, "not asked for");
    let missing =
        refused(text, "columns = { date = \"Period\", spend = \"VariableValue\" }\nwhere = { Variable = \"TV\" }");
    assert!(missing.contains("source[1].where: no header `Variable`"), "{missing}");
}

#[test]
fn credits_grants_and_dates_of_conversions_are_kept_apart() {
    let text = "日期,项目名称,消耗,赠款消耗,授信消耗,展示数,点击数,转化数,转化数(计费时间)\n2026-05-01,c,12.5,2,3,100,5,9,7\n2026-05-02,c,-1,0,0,1,1,0,0\n";
    let refused = detected(text).unwrap_err();
    assert!(refused.contains("holds `-1`, expected 0 or more"), "{refused}");
    let fixture = Fixture::new(&[("a.csv", text)]);
    let batch = fixture.read("[[source]]\npath = \"a.csv\"\nnegative = \"keep\"").unwrap().remove(0);
    assert_eq!((sum(&batch, Measure::Spend), sum(&batch, Measure::Registrations)), (Some(11_500_000), Some(7_000_000)));
    assert_eq!(batch.apart.values().next(), Some(&[2_000_000, 3_000_000]));
    assert_eq!(batch.basis, Some(crate::settings::Basis::Billed));
    assert_eq!(batch.figures["registrations"], "转化数(计费时间)");
}

#[test]
fn a_suffix_of_ten_thousands_is_counted() {
    let text = "日期,账户,消耗（万元）,曝光量,点击量,注册量\n2026-05-01,a,1.25,100,5,1\n";
    assert_eq!(sum(&detected(text).unwrap(), Measure::Spend), Some(12_500_000_000));
    let mapped =
        one("day,成本(千元)\n2026-05-01,1.25\n", "columns = { date = \"day\", spend = \"成本(千元)\" }").unwrap();
    assert_eq!(sum(&mapped, Measure::Spend), Some(1_250_000_000), "also where the settings map it");
}
