//! The world's exports, each in the layout of where it comes from.

use jiff::civil::Date;

use super::{Account, Channel, Figures, World};

/// Cells of a row, as text.
macro_rules! cells {
    ($($cell:expr),* $(,)?) => { vec![$($cell.to_string()),*] };
}

/// One export.
#[derive(Clone, Debug)]
pub(super) struct Sheet {
    /// Path in the project.
    pub path: String,
    /// How it is written.
    pub layout: Layout,
    /// The channels in it, by place in the world.
    pub channels: Vec<usize>,
}

/// How an export is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Layout {
    /// Tencent Ads: Chinese headers, a byte-order mark.
    Tencent,
    /// Weibo Fensitong: Chinese headers of its own.
    Weibo,
    /// Ocean Engine: a total row at the end.
    OceanEngine,
    /// Meta Ads: English headers, the currency in one of them.
    Meta,
    /// outlay's own table, as an agency would hand it in for all its platforms.
    Canonical,
    /// A desk's own sheet: the date in three columns, headers that only the settings know.
    Desk,
}

/// One row before it is written.
struct Row<'a> {
    date: Date,
    channel: &'a Channel,
    account: &'a Account,
    figures: Figures,
}

/// The exports of a world: one supplier's as one canonical table, one channel as a desk's sheet, one native export for each
/// other channel.
pub(super) fn sheets(world: &World) -> Vec<Sheet> {
    let busiest = busiest(world, |channel| channel.supplier.name, &all(world));
    let (agency, rest): (Vec<usize>, Vec<usize>) =
        all(world).into_iter().partition(|place| world.channels[*place].supplier.name == busiest);
    let platform = busiest_platform(world, &rest);
    let desk = rest.iter().copied().rfind(|place| world.channels[*place].platform.name == platform);
    let slug = world.channels[agency[0]].supplier.slug;
    let mut sheets =
        vec![Sheet { path: format!("exports/agency-{slug}.csv"), layout: Layout::Canonical, channels: agency }];
    for place in rest {
        let channel = &world.channels[place];
        let (name, layout) = match channel.platform.name {
            _ if Some(place) == desk => ("desk", Layout::Desk),
            "tencent" => ("tencent", Layout::Tencent),
            "weibo" => ("weibo", Layout::Weibo),
            "ocean_engine" => ("ocean-engine", Layout::OceanEngine),
            _ => ("meta", Layout::Meta),
        };
        let path = format!("exports/{name}-{}.csv", channel.supplier.slug);
        sheets.push(Sheet { path, layout, channels: vec![place] });
    }
    sheets
}

fn all(world: &World) -> Vec<usize> {
    (0..world.channels.len()).collect()
}

fn busiest_platform(world: &World, places: &[usize]) -> &'static str {
    busiest(world, |channel| channel.platform.name, places)
}

/// The name that most of the places share; the first of several.
fn busiest(world: &World, name: impl Fn(&Channel) -> &'static str, places: &[usize]) -> &'static str {
    let names = || places.iter().map(|place| name(&world.channels[*place]));
    let uses = |wanted: &&str| names().filter(|name| name == wanted).count();
    names().rev().max_by_key(uses).unwrap_or_default()
}

impl Sheet {
    /// The file.
    pub(super) fn bytes(&self, world: &World) -> Vec<u8> {
        let mut table = csv::Writer::from_writer(self.layout.mark().to_vec());
        let mut write = |cells: &[String]| table.write_record(cells).expect("memory takes it");
        write(&self.layout.headers().map(str::to_owned).collect::<Vec<_>>());
        for row in self.rows(world) {
            write(&self.layout.cells(&row));
        }
        if self.layout == Layout::OceanEngine {
            write(&total(self.rows(world)));
        }
        table.into_inner().expect("memory takes it")
    }

    /// Rows by date, then channel and account.
    fn rows<'a>(&'a self, world: &'a World) -> impl Iterator<Item = Row<'a>> {
        let accounts = self.channels.iter().flat_map(|place| {
            let channel = &world.channels[*place];
            channel.accounts.iter().map(move |account| (channel, account))
        });
        let accounts: Vec<_> = accounts.collect();
        world.days.iter().enumerate().flat_map(move |(day, date)| {
            let row = move |(channel, account): (&'a Channel, &'a Account)| Row {
                date: *date,
                channel,
                account,
                figures: account.days[day],
            };
            accounts.clone().into_iter().map(row)
        })
    }
}

impl Layout {
    /// What stands before the first header.
    fn mark(self) -> &'static [u8] {
        if self == Layout::Tencent { b"\xef\xbb\xbf" } else { b"" }
    }

    fn headers(self) -> std::str::Split<'static, char> {
        let headers = match self {
            Layout::Tencent => "日期,账户名称,推广计划名称,曝光量,点击量,点击率,消耗(元),关注量,注册量",
            Layout::Weibo => "时间,账户名称,广告计划,花费,曝光量,互动数,导流数,加关注数,注册数",
            Layout::OceanEngine => "时间,广告主名称,项目名称,消耗(元),展示数,点击数,点击率(%),注册数,注册成本",
            Layout::Meta => {
                "Day,Account name,Campaign name,Impressions,Clicks (all),Link clicks,Amount spent (CNY),Registrations \
                 completed,Reporting starts,Reporting ends"
            }
            Layout::Canonical => {
                "date,platform,supplier,account,campaign,department,currency,spend,impressions,clicks,reads,entries,\
                 registrations,valid_registrations"
            }
            Layout::Desk => "年,月,日,账户,花费,曝光,点击,阅读,入群,注册",
        };
        headers.split(',')
    }

    fn cells(self, row: &Row) -> Vec<String> {
        let Row { date, channel, account: Account { name, campaign, department, .. }, figures } = row;
        let Figures { impressions, clicks, reads, entries, registrations, valid, .. } = figures;
        let spend = money(figures.cents);
        match self {
            Layout::Tencent => {
                let rate = percent(figures) + "%";
                cells![date, name, campaign, impressions, clicks, rate, spend, entries, registrations]
            }
            Layout::Weibo => {
                let touched = clicks + clicks / 3;
                cells![date, name, campaign, spend, impressions, touched, clicks, entries, registrations]
            }
            Layout::OceanEngine => [cells![date, name, campaign], ocean_engine(figures)].concat(),
            Layout::Meta => {
                let all = clicks + clicks / 4;
                cells![date, name, campaign, impressions, all, clicks, spend, registrations, date, date]
            }
            Layout::Canonical => {
                let whom =
                    cells![date, channel.platform.name, channel.supplier.name, name, campaign, department, "CNY"];
                [whom, cells![spend, impressions, clicks, reads, entries, registrations, valid]].concat()
            }
            Layout::Desk => {
                let day = cells![date.year(), date.month(), date.day()];
                [day, cells![name, spend, impressions, clicks, reads, entries, registrations]].concat()
            }
        }
    }
}

/// Spend, impressions, clicks, click rate, registrations and their cost.
fn ocean_engine(figures: &Figures) -> Vec<String> {
    let Figures { cents, impressions, clicks, registrations, .. } = figures;
    let cost = *cents as f64 / 100.0 / (*registrations).max(1) as f64;
    cells![money(*cents), impressions, clicks, percent(figures), registrations, format!("{cost:.2}")]
}

/// The last row of an Ocean Engine export.
fn total<'a>(rows: impl Iterator<Item = Row<'a>>) -> Vec<String> {
    let sum = rows.fold(Figures::default(), |sum, row| Figures {
        cents: sum.cents + row.figures.cents,
        impressions: sum.impressions + row.figures.impressions,
        clicks: sum.clicks + row.figures.clicks,
        registrations: sum.registrations + row.figures.registrations,
        ..sum
    });
    [cells!["合计", "-", "-"], ocean_engine(&sum)].concat()
}

fn money(cents: u64) -> String {
    format!("{}.{:02}", cents / 100, cents % 100)
}

fn percent(figures: &Figures) -> String {
    format!("{:.2}", 100.0 * figures.clicks as f64 / figures.impressions.max(1) as f64)
}
